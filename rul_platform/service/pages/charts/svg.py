"""SVG elements as safe text.

Belongs here: escaping and numbers. Does not belong here: any chart.
"""

from markupsafe import Markup, escape


def element(name: str, *inside: Markup | str, **attributes: float | str | None) -> Markup:
    """One element; ``class_`` stands for ``class``, and ``_`` in names for ``-``.

    >>> element("rect", x=1.0, width=2.5, class_="bar")
    Markup('<rect x="1" width="2.5" class="bar"/>')
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_plain(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not inside:
        return Markup(f"<{name}{told}/>")  # noqa: S704  names are ours, and values escaped
    content = "".join(escape(each) for each in inside)
    return Markup(f"<{name}{told}>{content}</{name}>")  # noqa: S704  likewise


def picture(
    width: float, height: float, label: str, *inside: Markup, class_: str, is_exact: bool = False
) -> Markup:
    """A whole chart, with what it shows in words.

    Args:
        width: Of its coordinates.
        height: Likewise.
        label: For people who hear it.
        *inside: Its elements.
        class_: Its class.
        is_exact: It is as large as its coordinates; otherwise as its place allows.
    """
    size = {"width": width, "height": height} if is_exact else {}
    return element(
        "svg",
        *inside,
        viewBox=f"0 0 {_plain(width)} {_plain(height)}",
        class_=class_,
        role="img",
        aria_label=label,
        focusable="false",
        **size,
    )


def _plain(value: float | str) -> str:
    if isinstance(value, str):
        return str(escape(value))
    return f"{value:.2f}".rstrip("0").rstrip(".")
