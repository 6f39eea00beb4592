"""OData 2 as Exact speaks it: what a URL may ask, and which rows and columns that gives."""
