"""`rul serve`: predictions, feedback and pages over HTTP."""

from pathlib import Path

import click

from rul_platform.settings import Settings

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8050, show_default=True)
@click.option("--certificate", type=FILE, help="PEM file, for TLS; with --key.")
@click.option("--key", type=FILE, help="PEM file with the certificate's private key.")
@click.option(
    "--log-level",
    type=click.Choice(("debug", "info", "warning", "error", "critical")),
    default="info",
    show_default=True,
    help="Least important line that is logged, as JSON on standard error.",
)
@click.pass_obj
def serve(
    settings: Settings,
    host: str,
    port: int,
    certificate: Path | None,
    key: Path | None,
    log_level: str,
) -> None:
    """Serve predictions, feedback and web pages until Ctrl-C.

    Everybody who calls needs a token: `rul token create`. Listens on this machine alone unless --host
    says otherwise; then put it behind TLS, of its own or of a proxy.

    \b
    Examples:
      rul serve
      rul serve --host 0.0.0.0 --certificate server.pem --key server.key
    """
    from rul_platform.service.server import Address, run
    from rul_platform.storage.home import Home

    if (certificate is None) != (key is None):
        msg = "Give --certificate and --key together."
        raise click.UsageError(msg)
    home = Home(settings.for_service())
    address = Address(host=host, port=port, certificate=certificate, key=key)

    def announce() -> None:
        scheme = "https" if certificate else "http"
        click.echo(f"Serving on {scheme}://{host}:{port}  (Ctrl-C stops it)")
        if not home.tokens.any_holds(home.now()):
            click.echo("No token yet: `rul token create --for me` in another window makes one.")

    if not run(home, address, announce=announce, log_level=log_level):
        msg = "Stopped, and not all could be written: the log above says what."
        raise click.ClickException(msg)
    click.echo("Stopped; everything that was answered is stored.")
