"""Tables in Markdown."""


def markdown_table(head: list[str], rows: list[list[str]], numbers: bool = True) -> str:
    rule = ["---"] + ["---:" if numbers else "---"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows])
