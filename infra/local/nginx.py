"""The front door: one origin for the console, the services and the sign-in."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from infra.local.files import write_whole
from infra.local.paths import INFRA, ROOT
from infra.local.process import Command, NotReady

HOST = "127.0.0.1"
CONSOLE = ROOT / "services" / "console" / "dist"
# What a path below /api/ is that no part answers: the console's own pages lie elsewhere.
NOWHERE = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no part answers this path"}
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Route:
    """Requests under `path` go to `part`."""

    path: str
    part: str


def routes() -> list[Route]:
    """The list in infra/nginx/routes.yaml."""
    table = yaml.safe_load((INFRA / "nginx" / "routes.yaml").read_text(encoding="utf-8"))
    return [Route(row["path"], row["part"]) for row in table["routes"]]


def render(
    folder: Path, port: int, upstreams: Mapping[str, int], console: Path = CONSOLE, as_root: bool = False
) -> str:
    """The whole configuration; `upstreams` gives the loopback port of each part."""
    locations = "\n".join(_location(route, upstreams[route.part]) for route in routes())
    temporary = "\n".join(f"  {name}_temp_path {folder}/{name};" for name in TEMPORARY)
    # Started by root it would drop to an account that may not read the console's files.
    user = "user root;\n" if as_root else ""
    # Messages below `crit` quote the request's address, and a search by name holds the name.
    return f"""{user}daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  include /etc/nginx/mime.types;
  types {{ text/javascript mjs; }}
  default_type application/octet-stream;
  access_log off;
{temporary}
  sendfile on;
  server_tokens off;
  gzip on;
  gzip_types text/css application/javascript text/javascript application/json image/svg+xml application/wasm;

  client_max_body_size 0;
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  proxy_buffer_size 32k;
  proxy_buffers 16 32k;
  proxy_http_version 1.1;
  proxy_connect_timeout 5s;
  proxy_read_timeout 600s;
  proxy_send_timeout 600s;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;

  server {{
    listen {HOST}:{port};
    add_header X-Content-Type-Options nosniff;
    add_header Referrer-Policy same-origin;
    location = /healthz {{ default_type text/plain; return 200 "ok\\n"; }}
{locations}
    location /api/ {{ default_type application/problem+json; return 404 '{json.dumps(NOWHERE)}'; }}
    root {console};
    location /assets/ {{ include {INFRA}/nginx/console-headers.conf; expires 1y; try_files $uri =404; }}
    location / {{ include {INFRA}/nginx/console-headers.conf; add_header Cache-Control no-cache; try_files $uri /index.html =404; }}
  }}
}}
"""


def _location(route: Route, port: int) -> str:
    away = f"@{route.part}-away-{route.path.strip('/').replace('/', '-')}"
    problem = {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": f"the part {route.part} does not answer now; nothing of this request was kept: send it again shortly",
    }
    return f"""    location {route.path} {{
      proxy_pass http://{HOST}:{port};
      error_page 502 504 = {away};
    }}
    location {away} {{
      default_type application/problem+json;
      add_header Retry-After 5 always;
      return 503 '{json.dumps(problem)}';
    }}"""


def prepare(folder: Path, port: int, upstreams: Mapping[str, int]) -> Path:
    """Writes the configuration and makes the folders that it names; the configuration's path."""
    for name in TEMPORARY:
        (folder / name).mkdir(exist_ok=True)
    configuration = folder / "nginx.conf"
    write_whole(configuration, render(folder, port, upstreams, as_root=os.geteuid() == 0))
    return configuration


def command(folder: Path, configuration: Path) -> Command:
    """Runs the server in the foreground. Raises FileNotFoundError when it is not installed."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        raise FileNotFoundError("nginx is not installed: run `make setup`")
    return Command((program, "-e", "stderr", "-p", str(folder), "-c", str(configuration)), cwd=folder)


def check(port: int) -> None:
    """Raises NotReady until the front door answers."""
    try:
        httpx.get(f"http://{HOST}:{port}/healthz", timeout=5).raise_for_status()
    except httpx.HTTPError as error:
        raise NotReady(f"{type(error).__name__}: {error}") from error
