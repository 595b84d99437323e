#!/usr/bin/env bash
# OpenSearch 3.8.0: leaving fields out of `mget` takes several times as long as sending them.
#
# A page of 24 products needs title and price, not the two binary fields of some 400 characters that
# each document has too. `_source_excludes` is there for that, and makes the answer a third as long.
# It also makes it several times slower, because every document is parsed and written anew: on a
# machine of 2 cores whole documents took 2 ms, those without the two fields 6 ms, and those without
# `visual.*` 4 ms. Whoever wants hits quickly asks for all and throws away.
#
# Needs a JDK 21 or later (JAVA_HOME, or Temurin under /usr/lib/jvm), Maven, curl, unzip, Python 3.
# Everything is installed in a temporary folder. Exits non-zero when the behaviour is another.
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
for _ in $(seq 120); do
  curl -fsS "http://127.0.0.1:$PORT/_cluster/health?wait_for_status=yellow" >/dev/null 2>&1 && break
  kill -0 "$node" 2>/dev/null || { tail -20 "$folder/output.log" >&2; exit 2; }
  sleep 1
done

VERSION=$VERSION PORT=$PORT python3 - <<'PYTHON'
import base64
import json
import os
import random
import sys
import time
from http.client import HTTPConnection
from statistics import median

PRODUCTS, PAGE, ROUNDS = 20_000, 24, 150
connection = HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=60)
chance = random.Random(1)


def send(method, path, body):
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    data = answer.read()
    assert answer.status in (200, 201), data[:300]
    return data


def product(n):
    code, colours = (base64.b64encode(chance.randbytes(size)).decode() for size in (175, 104))
    visual = {"category": "shirt", "binary_code": code, "colour_histogram": colours}
    return {"title": f"Shirt number {n}", "price": n % 90, "visual": visual}


send("PUT", "/shop", b'{"settings": {"number_of_shards": 1, "number_of_replicas": 0}}')
for start in range(0, PRODUCTS, 1000):
    lines = []
    for n in range(start, start + 1000):
        lines += [f'{{"index": {{"_id": "{n}"}}}}', json.dumps(product(n))]
    send("POST", "/shop/_bulk", ("\n".join(lines) + "\n").encode())
send("POST", "/shop/_forcemerge?max_num_segments=1", b"")

ways = {
    "whole documents": "",
    "without two fields": "&_source_excludes=visual.binary_code,visual.colour_histogram",
    "without visual.*": "&_source_excludes=visual.*",
}
took, sizes = {name: [] for name in ways}, {}
for _ in range(ROUNDS):
    ids = json.dumps({"ids": [str(chance.randrange(PRODUCTS)) for _ in range(PAGE)]}).encode()
    for name, excludes in ways.items():
        began = time.perf_counter()
        sizes[name] = len(send("POST", f"/shop/_mget?realtime=false{excludes}", ids))
        took[name].append(1000 * (time.perf_counter() - began))
figures = {name: median(times[ROUNDS // 3 :]) for name, times in took.items()}
print(f"OpenSearch {os.environ['VERSION']}: mget of {PAGE} of {PRODUCTS:,} documents, medians")
for name, milliseconds in figures.items():
    print(f"{name:<20} {milliseconds:6.2f} ms {sizes[name]:>7,} bytes")
ratio = figures["without two fields"] / figures["whole documents"]
print(f"leaving two fields out takes {ratio:.1f} times as long")
sys.exit(0 if ratio > 1.5 else 1)
PYTHON
