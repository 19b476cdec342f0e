"""The secrets of a site: their forms, where they are kept, who opens them, and who reads them."""
