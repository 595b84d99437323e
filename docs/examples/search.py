"""Search by photo within the shop's own query: search.py PHOTO [SERVICE]."""

import json
import sys
from pathlib import Path

import urllib3

photo, service = [*sys.argv[1:], "http://127.0.0.1:8000"][:2]
query = {"bool": {"must": {"match": {"title": "jacket"}}, "must_not": {"term": {"brand": "Acme"}}}}
response = urllib3.request(
    "POST",
    f"{service}/api/v1/search",
    fields={
        "image": ("photo", Path(photo).read_bytes()),
        "query": json.dumps(query),
        "post_filter": "price:..17",
        "fields": "title,price",
        "sort": "price:asc",
        "top": "5",
    },
)
answer = response.json()
if response.status != 200:
    sys.exit(answer["error"]["message"])
for hit in answer["hits"]:
    print(hit["product_id"], hit["product"]["price"], hit["product"]["title"], sep="\t")
