"""Search servers, OpenSearch and Elasticsearch: one engine on an index of a cluster."""
