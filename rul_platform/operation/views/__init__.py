"""What a page shows, gathered as plain values: no words for people, no layout."""
