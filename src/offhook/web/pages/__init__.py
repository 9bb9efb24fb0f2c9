"""The vendor's pages: `site_map` says which there are and what stands on each."""
