#!/usr/bin/env bash
# OpenSearch 3.8.0: a search for ten of 5,000 documents answers none once it has `terminate_after`.
#
# `terminate_after` bounds how many documents a shard collects, so a search that matches thousands
# must still answer that many. Where the query matches every document of a segment of some 3,000 or
# more (match_all, or a range that spans all values), it answers 0 hits and "terminated_early": true.
# The same search on a part of the documents (a range from the middle on, a term) answers ten, and so
# does every one of them on 1,000 documents, with `size` 0, or without the option.
# OpenSearch 3.4.0 answers ten to all three (VERSION=3.4.0 shows it, and exits 1).
#
# Needs a JDK 21 or later (JAVA_HOME, or Temurin under /usr/lib/jvm), Maven, curl, unzip. Everything
# is installed in a temporary folder. Exits non-zero when the behaviour is another.
set -euo pipefail

VERSION=${VERSION:-3.8.0} PORT=${PORT:-9381} DOCUMENTS=5000
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
json -X PUT "$url/shop" -d '{"settings": {"number_of_shards": 1, "number_of_replicas": 0},
  "mappings": {"properties": {"price": {"type": "integer"}}}}' >/dev/null
for i in $(seq $DOCUMENTS); do
  printf '{"index": {"_id": "%s"}}\n{"price": %s}\n' "$i" $((i % 100))
done >"$folder/bulk"
json -X POST "$url/shop/_bulk" --data-binary "@$folder/bulk" >/dev/null
json -X POST "$url/shop/_forcemerge?max_num_segments=1" >/dev/null
json -X POST "$url/shop/_refresh" >/dev/null

search() {
  json "$url/shop/_search?filter_path=hits.total.value,terminated_early" -d "$1"
}
version=$(json "$url/" | sed -n 's/.*"number" *: *"\([^"]*\)".*/\1/p')
echo "OpenSearch $version, $DOCUMENTS documents in one segment, size 10"
found=()
for query in '{"match_all": {}}' '{"range": {"price": {"gte": 0}}}' '{"range": {"price": {"gte": 50}}}'
do
  plain=$(search "{\"query\": $query, \"size\": 10}")
  bounded=$(search "{\"query\": $query, \"size\": 10, \"terminate_after\": 10}")
  echo "$query"
  echo "  without terminate_after: $plain"
  echo "  with terminate_after 10: $bounded"
  found+=("$(sed -n 's/.*"value":\([0-9]*\).*/\1/p' <<<"$bounded")")
done
if [ "${found[*]}" != "0 0 10" ]; then
  echo "changed: expected 0, 0 and 10 hits with terminate_after; got ${found[*]}" >&2
  exit 1
fi
