#!/bin/sh
# Search by photo within the shop's own query: search.sh PHOTO [SERVICE]. Prints the answer in JSON.
set -eu
query='{"bool": {"must": {"match": {"title": "jacket"}}, "must_not": {"term": {"brand": "Acme"}}}}'
curl --silent --show-error --fail-with-body \
  --form image=@"$1" --form-string query="$query" --form-string post_filter=price:..17 \
  --form-string fields=title,price --form-string sort=price:asc --form-string top=5 \
  "${2:-http://127.0.0.1:8000}/api/v1/search"
