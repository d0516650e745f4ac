#!/usr/bin/env bash
# run.sh PORT TRANSPORT_PORT FOLDER [key=value ...]: Elasticsearch 9.5.3 as an embedded node, in the foreground; data and logs in FOLDER.
# The first run resolves the jars from Maven Central and assembles an ES_HOME in the user's cache folder. Needs mvn, unzip and a JDK from 21 on.
# GET / is answered by our own stand-in (shim-root), because Elastic does not publish that module: assert nothing about it.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd); PORT=$1 TRANSPORT=$2 FOLDER=$3; shift 3
W=${ESCTL_REAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/esctl/real-servers}/9.5; H=$W/home
JH=$("$HERE/../find-java" 21)
mkdir -p "$W" "$FOLDER"/{data,logs,tmp}; FOLDER=$(cd "$FOLDER" && pwd)
exec 9>"$W/lock"; flock 9
if [ ! -e "$W/.done" ] || [ -n "$(find "$HERE" -type f -newer "$W/.done")" ]; then
  rm -rf "$W/all" "$H" "$W/main" "$W/stub" "$W/shim"
  mvn -B -q -f "$HERE/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$W/all"
  mkdir -p "$H"/{lib,config,plugins,modules/transport-netty4,modules/x-pack-core,modules/rest-root-shim} "$W"/{main,stub,shim}
  for j in "$W"/all/*.jar; do n=$(basename "$j")
    case $n in
      transport-netty4-*|netty-*) d=modules/transport-netty4;;
      x-pack-core-*|elasticsearch-ssl-config-*|http*|icu4j-*|commons-*|log4j-1.2-api-*|log4j-slf4j2-impl-*|slf4j-api-*|unboundid-*) d=modules/x-pack-core;;
      *) d=lib;;
    esac; ln -f "$j" "$H/$d/$n" 2>/dev/null || cp "$j" "$H/$d/$n"
  done
  cp "$W"/all/elasticsearch-ssl-config-*.jar "$H/modules/transport-netty4/"   # needed by both modules
  # shellcheck disable=SC2046
  "$JH/bin/javac" -d "$W/stub" $(find "$HERE/stub-templates" -name '*.java')
  "$JH/bin/jar" --create --file "$H/modules/x-pack-core/x-pack-template-resources-stub.jar" -C "$W/stub" .
  # Since 9.x each published plugin jar carries its own descriptor under META-INF/es-plugins/.
  for p in transport-netty4 x-pack-core; do
    (cd "$H/modules/$p" && for f in plugin-descriptor.properties entitlement-policy.yaml; do unzip -p "$p"-*.jar "META-INF/es-plugins/$p/$f" > "$f" || rm -f "$f"; done)
  done
  cat > "$H/config/log4j2.properties" <<'L'
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] [%node_name]%marker %m%consoleException%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
L
  touch "$H/config/elasticsearch.yml"
  "$JH/bin/javac" -nowarn --module-path "$H/lib" --add-modules ALL-MODULE-PATH -d "$W/main" "$HERE/RealEs.java"
  "$JH/bin/javac" -nowarn --module-path "$H/lib" --add-modules ALL-MODULE-PATH -d "$W/shim" "$HERE/shim-root/RestRootShim.java"
  S=$H/modules/rest-root-shim; "$JH/bin/jar" --create --file "$S/rest-root-shim.jar" -C "$W/shim" .
  V=$(basename "$H"/lib/elasticsearch-[0-9]*.jar .jar); V=${V#elasticsearch-}
  printf 'description=GET / stand-in\nversion=%s\nname=rest-root-shim\njava.version=21\nelasticsearch.version=%s\nclassname=local.shim.RestRootShim\n' "$V" "$V" > "$S/plugin-descriptor.properties"
  touch "$W/.done"
fi
exec 9>&-
exec "$JH/bin/java" -Xms"${ES_HEAP:-512m}" -Xmx"${ES_HEAP:-512m}" -Djava.io.tmpdir="$FOLDER/tmp" -Des.path.home="$H" -Des.distribution.type=zip \
  -Djava.awt.headless=true -Dlog4j.shutdownHookEnabled=false -Dlog4j2.disable.jmx=true -Dio.netty.noUnsafe=true -Dio.netty.recycler.maxCapacityPerThread=0 \
  -Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1 \
  --add-modules jdk.incubator.vector,jdk.net,jdk.management.agent \
  --enable-native-access=ALL-UNNAMED,org.elasticsearch.nativeaccess,org.apache.lucene.core \
  --module-path "$H/lib" --add-modules ALL-MODULE-PATH -cp "$W/main" RealEs "$H" "$PORT" \
  transport.port="$TRANSPORT" path.data="$FOLDER/data" path.logs="$FOLDER/logs" "$@"
