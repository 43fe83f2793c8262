"""The headers of every answer: the page runs its own script alone, and speaks with its own server alone."""

from collections.abc import Mapping
from typing import Final

TELEGRAM_WEB: Final = "https://web.telegram.org"

FEATURES: Final = (
    "accelerometer",
    "autoplay",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)


def policy(*, framed_by_telegram: bool = False) -> str:
    """The Content-Security-Policy. ``blob:`` is what the page itself opened: photos and voice messages."""
    framing = TELEGRAM_WEB if framed_by_telegram else "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "worker-src 'self'",
            "img-src 'self' blob:",
            "media-src blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {framing}",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def headers(*, https: bool, framed_by_telegram: bool = False) -> Mapping[str, str]:
    """
    Args:
        https: browsers shall never again come by http.
        framed_by_telegram: Telegram's web client may show the page in a frame; nobody else ever may.
    """
    found = {
        "Content-Security-Policy": policy(framed_by_telegram=framed_by_telegram),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in FEATURES),
    }
    if not framed_by_telegram:
        found["Cross-Origin-Opener-Policy"] = "same-origin"
        found["X-Frame-Options"] = "DENY"
    if https:
        found["Strict-Transport-Security"] = "max-age=31536000"
    return found
