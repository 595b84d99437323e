#!/bin/sh
# Write a product, change its price, delete it: write.sh KEY IMAGE_URL [SERVICE]. Prints each answer.
set -eu
service=${3:-http://127.0.0.1:8000}

send() {
  method=$1 path=$2 body=$3
  curl --silent --show-error --fail-with-body --request "$method" \
    --header "Authorization: Bearer $key" --header "Content-Type: application/json" \
    --data "$body" "$service/api/v1/products$path"
}

key=$1
send PUT /tee-1 '{"title": "Red T-Shirt", "images": ["'"$2"'"], "facts": {"price": 20, "stock": 3}}'
send PATCH /tee-1 '{"facts": {"price": 15, "stock": 0}}'
send POST "" '{"operations": [
  {"op": "update", "id": "tee-1", "facts": {"stock": 7}},
  {"op": "update", "id": "nobody", "facts": {"stock": 7}},
  {"op": "delete", "id": "tee-1"}]}'
