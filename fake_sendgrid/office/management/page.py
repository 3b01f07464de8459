"""The web page: inbox, events, fault switches and live rate, drawn from the management API."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)
_PAGE = Path(__file__).with_name("page.html")


@router.get("/")
def show_page() -> HTMLResponse:
    """One self-contained page."""
    return HTMLResponse(_PAGE.read_text(encoding="utf-8"))
