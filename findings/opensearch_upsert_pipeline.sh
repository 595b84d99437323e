#!/usr/bin/env bash
# OpenSearch 3.8.0: `pipeline=_none` does not keep an upsert from the index's default pipeline.
#
# An index has a default pipeline that gives documents without a price the price 0. A document with
# the price 10 gets another title. As a bulk update with `doc_as_upsert`, and `pipeline=_none` for
# the whole bulk, the pipeline runs all the same, on the partial document alone: it sees no price,
# sets one, and the stored 10 becomes 0. Status 200, result "updated". Without `doc_as_upsert` the
# same update runs no pipeline and the price stays. `pipeline=_none` does work for a bulk that
# indexes whole documents. (Elasticsearch 9.2 was seen to do the same.)
#
# Needs a JDK 21 or later (JAVA_HOME, or Temurin under /usr/lib/jvm), Maven, curl, unzip. Everything
# is installed in a temporary folder. Exits non-zero when the behaviour is another.
set -euo pipefail

VERSION=${VERSION:-3.8.0} PORT=${PORT:-9382}
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
json -X PUT "$url/_ingest/pipeline/priced" \
  -d '{"processors": [{"set": {"field": "price", "value": 0, "override": false}}]}' >/dev/null
json -X PUT "$url/shop" -d '{"settings": {"index.default_pipeline": "priced"}}' >/dev/null

version=$(json "$url/" | sed -n 's/.*"number" *: *"\([^"]*\)".*/\1/p')
echo "OpenSearch $version, a default pipeline that sets a missing price to 0"
found=()
write() { # write WHAT ACTION LINE: on a document that has the price 10, with pipeline=_none
  json -X PUT "$url/shop/_doc/1?refresh=true" -d '{"title": "Tee", "price": 10}' >/dev/null
  printf '%s\n%s\n' "$2" "$3" >"$folder/bulk"
  answer=$(json -X POST "$url/shop/_bulk?pipeline=_none&refresh=true&filter_path=errors,items.*.result" \
    --data-binary "@$folder/bulk")
  source=$(json "$url/shop/_source/1")
  echo "$1"
  echo "  answer: $answer"
  echo "  stored: $source"
  found+=("$(sed -n 's/.*"price":\([0-9]*\).*/\1/p' <<<"$source")")
}
write "update with doc_as_upsert" '{"update": {"_id": "1"}}' \
  '{"doc": {"title": "Tie"}, "doc_as_upsert": true}'
write "update without it" '{"update": {"_id": "1"}}' '{"doc": {"title": "Tie"}}'
write "index" '{"index": {"_id": "1"}}' '{"title": "Tie"}'
if [ "${found[*]}" != "0 10 " ]; then
  echo "changed: expected the prices 0, 10 and none; got ${found[*]}" >&2
  exit 1
fi
