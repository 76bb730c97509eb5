"""Many pairs in one call: a table, a template with many images, or a BIDS dataset; on one machine or on a cluster."""
