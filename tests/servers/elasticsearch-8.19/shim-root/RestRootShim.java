// Stand-in for the rest-root module, which the reduced distribution lacks: GET/HEAD / only. NOT Elastic's code: assert nothing about GET / with it.
package local.shim;
import java.util.*;
import java.util.function.*;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.metadata.IndexNameExpressionResolver;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.io.stream.NamedWriteableRegistry;
import org.elasticsearch.common.settings.*;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.plugins.*;
import org.elasticsearch.rest.*;
import org.elasticsearch.xcontent.XContentBuilder;

public class RestRootShim extends Plugin implements ActionPlugin {
    private final Settings settings;
    public RestRootShim(Settings s) { settings = s; }
    @Override public Collection<RestHandler> getRestHandlers(Settings s, NamedWriteableRegistry w, RestController c, ClusterSettings cs,
            IndexScopedSettings is, SettingsFilter sf, IndexNameExpressionResolver r, Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> f) {
        return List.of(new BaseRestHandler() {
            @Override public String getName() { return "root_shim"; }
            @Override public List<Route> routes() { return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/")); }
            @Override protected RestChannelConsumer prepareRequest(RestRequest r, NodeClient c) {
                return ch -> {
                    XContentBuilder b = ch.newBuilder().prettyPrint().startObject();
                    b.field("name", settings.get("node.name")).field("cluster_name", settings.get("cluster.name"));
                    b.startObject("version").field("number", Build.current().version()).field("build_flavor", Build.current().flavor()).field("build_type", "zip+shim")
                     .field("build_hash", Build.current().hash()).field("build_date", Build.current().date()).field("build_snapshot", Build.current().isSnapshot())
                     .field("lucene_version", org.apache.lucene.util.Version.LATEST.toString()).endObject().field("tagline", "You Know, for Search").endObject();
                    ch.sendResponse(new RestResponse(RestStatus.OK, b));
                };
            }
        });
    }
}
