def test_everything_that_the_filter_looks_at_says_what_it_is_about() -> None:
    """The script of the page reads `data-text` of each finding."""
    for template in (Path(cells.__file__).parent / "templates").glob("*.j2"):
        for line in template.read_text(encoding="utf-8").splitlines():
            assert '<details class="finding"' not in line or "data-text=" in line, line
