#!/usr/bin/env bash
# OpenSearch 3.8.0: a binary field with several values loses their order and their number.
#
# A product with four pictures has four binary codes and four colour histograms, the first of each
# belonging together. Given as lists, both are stored as they are, but what docvalue_fields returns
# of each is sorted by its bytes, and equal values are there once: two pictures of the same colours
# leave four codes and three histograms, and nothing says whose they are. Numbers are sorted too, but
# all of them stay. Whoever needs pairs joins the bytes to one value.
#
# Needs a JDK 21 or later (JAVA_HOME, or Temurin under /usr/lib/jvm), Maven, curl, unzip, Python 3.
# Everything is installed in a temporary folder. Exits non-zero when the behaviour is another.
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
for _ in $(seq 120); do
  curl -fsS "http://127.0.0.1:$PORT/_cluster/health?wait_for_status=yellow" >/dev/null 2>&1 && break
  kill -0 "$node" 2>/dev/null || { tail -20 "$folder/output.log" >&2; exit 2; }
  sleep 1
done

VERSION=$VERSION PORT=$PORT python3 - <<'PYTHON'
import base64
import json
import os
import sys
from urllib.request import Request, urlopen


def send(method, path, body):
    address = f"http://127.0.0.1:{os.environ['PORT']}{path}"
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(address, json.dumps(body).encode(), headers, method=method)) as answer:
        return json.load(answer)


def text(value):
    return base64.b64encode(bytes([value])).decode()


fields = {name: {"type": "binary", "doc_values": True} for name in ("code", "colours")}
fields["number"] = {"type": "integer"}
send("PUT", "/shop", {"mappings": {"properties": fields}})
codes, colours = [9, 1, 7, 5], [4, 3, 4, 2]
document = {"code": [*map(text, codes)], "colours": [*map(text, colours)], "number": colours}
send("PUT", "/shop/_doc/1?refresh=true", document)
search = {"_source": False, "docvalue_fields": ["code", "colours", "number"]}
(hit,) = send("POST", "/shop/_search", search)["hits"]["hits"]
found = {
    name: [base64.b64decode(one + "==")[0] if isinstance(one, str) else one for one in values]
    for name, values in hit["fields"].items()
}
print("OpenSearch", os.environ["VERSION"])
print("indexed  ", {"code": codes, "colours": colours, "number": colours})
print("doc values", found)
expected = {"code": sorted(codes), "colours": sorted(set(colours)), "number": sorted(colours)}
sys.exit(0 if found == expected else 1)
PYTHON
