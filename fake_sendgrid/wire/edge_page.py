"""The HTML error pages of the provider's edge, which answers some failures before the API sees them."""

from http import HTTPStatus

from fake_sendgrid.wire.reply import HTML, Reply

_PAGE = (
    "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


def show_edge_page(status: int) -> Reply:
    """The page for `status`."""
    try:
        title = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        title = str(status)
    return Reply(status, _PAGE.format(title=title).encode(), content_type=HTML, close=True)
