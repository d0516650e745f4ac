#!/usr/bin/env bash
# run.sh PORT TRANSPORT_PORT FOLDER [key=value ...]: Elasticsearch OSS 7.10.2 with its modules, in the foreground; data and logs in FOLDER.
# The first run resolves the jars from Maven Central and compiles the main class, into the user's cache folder. Needs mvn and a JDK 11 to 17.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd); PORT=$1 TRANSPORT=$2 FOLDER=$3; shift 3
W=${ESCTL_REAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/esctl/real-servers}/7.10; mkdir -p "$W" "$FOLDER"
JH=$("$HERE/../find-java" 11 17)
exec 9>"$W/lock"; flock 9
if ! [ "$W/.done" -nt "$HERE/pom.xml" ] || ! [ "$W/.done" -nt "$HERE/src/EsMain.java" ]; then
  rm -rf "$W/lib" "$W/classes"; mkdir -p "$W/classes"
  mvn -q -B -f "$HERE/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DoutputDirectory="$W/lib" -DincludeScope=runtime
  "$JH/bin/javac" -nowarn -proc:none -cp "$W/lib/*" -d "$W/classes" "$HERE/src/EsMain.java"
  touch "$W/.done"
fi
exec 9>&-
exec "$JH/bin/java" -Xms"${ES_HEAP:-512m}" -Xmx"${ES_HEAP:-512m}" -Des.networkaddress.cache.ttl=60 -Djna.nosys=true -Dtransport.port="$TRANSPORT" \
  -Dio.netty.noUnsafe=true -Dio.netty.noKeySetOptimization=true -Dio.netty.recycler.maxCapacityPerThread=0 \
  -Dlog4j.shutdownHookEnabled=false -Dlog4j2.disable.jmx=true -Dlog4j2.formatMsgNoLookups=true \
  -Dlog4j2.configurationFile="$HERE/log4j2.properties" -Dfile.encoding=UTF-8 -Djava.locale.providers=SPI,COMPAT \
  -cp "$W/classes:$W/lib/*" EsMain "$FOLDER" "$PORT" script.disable_max_compilations_rate=true "$@"
