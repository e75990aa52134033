"""The answers of the Graph API: nodes, edges, fields, paging, batches, login and errors."""
