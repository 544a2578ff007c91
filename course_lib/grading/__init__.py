"""Release, collect and grade: nothing that was handed in is trusted."""
