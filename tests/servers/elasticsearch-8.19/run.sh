#!/usr/bin/env bash
# run.sh PORT TRANSPORT_PORT FOLDER [key=value ...]: Elasticsearch 8.19.21, Elastic's own reduced distribution, in the foreground; data and logs in FOLDER.
# The first run fetches it from Maven Central into the user's cache folder. Needs mvn, unzip and a JDK from 17 on.
# GET / is answered by our own stand-in (shim-root), because the distribution lacks that module: assert nothing about it.
# ES_SECURITY=true switches security on, with the superuser "adm" and the user "reader" (role monitoring_user), password $ES_TEST_PASSWORD:
# both in the file realm, because this distribution lacks what the native realm needs.
# Elasticsearch refuses to run as root: root runs it as "nobody", who must be able to read it, so root's cache folder is /var/cache.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd); PORT=$1 TRANSPORT=$2 FOLDER=$3; shift 3
ROOT=; [ "$(id -u)" != 0 ] || ROOT=yes
W=${ROOT:+/var/cache/esctl-real-servers/8.19}; W=${W:-${ESCTL_REAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/esctl/real-servers}/8.19}
export ES_JAVA_HOME; ES_JAVA_HOME=$("$HERE/../find-java" 17)
mkdir -p "$W" "$FOLDER"/{data,logs,tmp}; FOLDER=$(cd "$FOLDER" && pwd)
exec 9>"$W/lock"; flock 9
if [ ! -e "$W/.done" ] || [ -n "$(find "$HERE" -type f -newer "$W/.done")" ]; then
  rm -rf "$W"/zip "$W"/shim "$W"/elasticsearch-*
  mvn -B -q -f "$HERE/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DoutputDirectory="$W/zip"
  unzip -qo "$W"/zip/elasticsearch-*.zip -d "$W"; rm -rf "$W/zip"
  H=$(ls -d "$W"/elasticsearch-*); V=${H##*-}; S=$H/modules/rest-root-shim; mkdir -p "$S" "$W/shim"
  "$ES_JAVA_HOME/bin/javac" -nowarn -cp "$H/lib/*" -d "$W/shim" "$HERE/shim-root/RestRootShim.java"
  "$ES_JAVA_HOME/bin/jar" --create --file "$S/rest-root-shim.jar" -C "$W/shim" .
  printf 'description=GET / stand-in\nversion=%s\nname=rest-root-shim\njava.version=17\nelasticsearch.version=%s\nclassname=local.shim.RestRootShim\n' "$V" "$V" > "$S/plugin-descriptor.properties"
  touch "$W/.done"
fi
exec 9>&-
H=$(ls -d "$W"/elasticsearch-*); rm -rf "$FOLDER/config"; cp -r "$H/config" "$FOLDER/config"
# Logs of the collector and of crashes go to ES_HOME by default, which its user cannot write.
sed -i '/^-Xlog:gc/d;/ErrorFile/d;/HeapDump/d' "$FOLDER/config/jvm.options"
{
  cat <<Y
cluster.name: es-real
node.name: n1
discovery.type: single-node
network.host: 127.0.0.1
http.port: $PORT
transport.port: $TRANSPORT
path.data: $FOLDER/data
path.logs: $FOLDER/logs
cluster.routing.allocation.disk.threshold_enabled: false
xpack.security.enabled: ${ES_SECURITY:-false}
xpack.security.http.ssl.enabled: false
xpack.security.transport.ssl.enabled: false
Y
  for setting in "$@"; do echo "${setting%%=*}: ${setting#*=}"; done
} > "$FOLDER/config/elasticsearch.yml"
RUNAS=()
if [ -n "$ROOT" ]; then chown -R nobody "$FOLDER"; RUNAS=(setpriv --reuid=nobody --clear-groups); fi
export ES_PATH_CONF=$FOLDER/config ES_TMPDIR=$FOLDER/tmp ES_JAVA_OPTS="-Xms${ES_HEAP:-512m} -Xmx${ES_HEAP:-512m}"; cd "$FOLDER"
if [ "${ES_SECURITY:-false}" = true ]; then
  "${RUNAS[@]}" "$H/bin/elasticsearch-users" useradd adm -p "${ES_TEST_PASSWORD:-testpass123}" -r superuser
  "${RUNAS[@]}" "$H/bin/elasticsearch-users" useradd reader -p "${ES_TEST_PASSWORD:-testpass123}" -r monitoring_user
fi
exec "${RUNAS[@]}" "$H/bin/elasticsearch"
