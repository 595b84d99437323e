"""Record queries and what shoppers do with their hits, by User Behavior Insights (UBI)."""
