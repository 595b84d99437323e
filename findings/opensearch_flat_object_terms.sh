#!/usr/bin/env bash
# OpenSearch 3.8.0: a terms aggregation on a key of a `flat_object` field adds a nameless bucket.
#
# Three products say what they are made of, in an object that is mapped as flat_object. A search for
# one key of it finds the right products. Terms of the same key are counted right as well, but
# beside them is a bucket called "java.lang.Object@" and a hash, with as many documents as there
# are, so that a shop's page shows it as a choice. OpenSearch 2.19.4 was seen to answer no buckets.
#
# Needs a JDK 21 or later (JAVA_HOME, or Temurin under /usr/lib/jvm), Maven, curl, unzip. Everything
# is installed in a temporary folder. Exits non-zero when the behaviour is another.
set -euo pipefail

VERSION=${VERSION:-3.8.0} PORT=${PORT:-9383}
java=${JAVA_HOME:-$(ls -d /usr/lib/jvm/temurin-2[1-9]* | tail -1)}/bin/java
folder=$(mktemp -d)
node=
cleanup() {
  [ -z "$node" ] || kill "$node" 2>/dev/null || true
  [ -z "$node" ] || wait "$node" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT

mvn -B -ntp -q dependency:copy -DoutputDirectory="$folder" \
  -Dartifact="org.opensearch.distribution.integ-test-zip:opensearch:$VERSION:zip"
unzip -q "$folder/opensearch-$VERSION.zip" -d "$folder"
home=$folder/opensearch-$VERSION
mkdir -p "$folder/config" "$folder/tmp" "$folder/data" "$folder/logs"
cp "$home/config/log4j2.properties" "$folder/config/"
touch "$folder/config/opensearch.yml"
chmod -R a+rX "$folder"
run=()
if [ "$(id -u)" -eq 0 ]; then # the node refuses root
  chown -R 65534:65534 "$folder"
  run=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
"${run[@]}" "$java" -Xms512m -Xmx512m --enable-native-access=ALL-UNNAMED \
  -Djava.io.tmpdir="$folder/tmp" -Dio.netty.noUnsafe=true -Dlog4j2.disable.jmx=true \
  -Dopensearch.path.home="$home" -Dopensearch.path.conf="$folder/config" \
  -Dopensearch.distribution.type=zip -Dopensearch.bundled_jdk=false \
  -cp "$home/lib/*:$(echo "$home"/agent/opensearch-agent-bootstrap-*.jar)" \
  org.opensearch.bootstrap.OpenSearch -Epath.data="$folder/data" -Epath.logs="$folder/logs" \
  -Enetwork.host=127.0.0.1 -Ehttp.port="$PORT" -Etransport.port=$((PORT + 100)) \
  -Ediscovery.type=single-node >"$folder/output.log" 2>&1 &
node=$!

url=http://127.0.0.1:$PORT
for _ in $(seq 120); do
  curl -fsS "$url/_cluster/health?wait_for_status=yellow" >/dev/null 2>&1 && break
  kill -0 "$node" 2>/dev/null || { tail -20 "$folder/output.log" >&2; exit 2; }
  sleep 1
done

json() { curl -fsS -H 'Content-Type: application/json' "$@"; }
json -X PUT "$url/shop" \
  -d '{"mappings": {"properties": {"made": {"type": "flat_object"}}}}' >/dev/null
for i in 1 2 3; do
  json -X PUT "$url/shop/_doc/$i?refresh=true" -d '{"made": {"of": "wool", "in": "Porto"}}' >/dev/null
done

version=$(json "$url/" | sed -n 's/.*"number" *: *"\([^"]*\)".*/\1/p')
echo "OpenSearch $version, three products, made.of is wool"
found=$(json "$url/shop/_search?filter_path=hits.total.value" \
  -d '{"query": {"term": {"made.of": "wool"}}}')
buckets=$(json "$url/shop/_search?size=0&filter_path=aggregations.made.buckets" \
  -d '{"aggs": {"made": {"terms": {"field": "made.of"}}}}')
echo "term made.of=wool: $found"
echo "terms of made.of:  $buckets"
if ! grep -q 'java.lang.Object@' <<<"$buckets"; then
  echo "changed: expected a bucket java.lang.Object@…; got $buckets" >&2
  exit 1
fi
