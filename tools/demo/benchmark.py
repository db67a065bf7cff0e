#!/usr/bin/env python3
"""CPU time of a registration, beside nginx and mosquitto that verify the same chain.

    benchmark.py --bin FOLDER [--rounds N] [--count N]

What tools/bench runs. All servers run on loopback; each kind is measured in turn, round after round,
so that a machine whose speed drifts treats them alike. CPU time is the server's own, from the kernel's
scheduler; it counts also while the load generator borrows a core.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

from first_devices import Admin, DevInstallation, Failure, Materials, print_table, run_quietly

NGINX_PORT = 18443
MOSQUITTO_PORT = 18883
READY_WITHIN_SECONDS = 10
KEPT_DEVICES_PER_COUNT = 5
KEPT_CONNECTIONS = 500


def cpu_nanoseconds(pid):
    """CPU time of all threads of a process so far."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


class Server:
    """A process under measurement."""

    def __init__(self, command, log):
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.pid = self.process.pid

    def stop(self):
        self.process.terminate()
        self.process.wait(READY_WITHIN_SECONDS)


def wait_for_port(port):
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        shown = subprocess.run(["ss", "-Htln", f"sport = :{port}"], capture_output=True, text=True)
        if shown.stdout.strip():
            return
        time.sleep(0.05)
    raise Failure(f"nothing listens on port {port}")


def start_nginx(folder, materials, log):
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"""daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{NGINX_PORT} ssl;
    ssl_certificate {materials.path('server.pem')};
    ssl_certificate_key {materials.path('server.key')};
    ssl_client_certificate {materials.path('devices-root.pem')};
    ssl_verify_client on;
    ssl_verify_depth 2;
    ssl_session_tickets off;
    ssl_session_cache off;
    keepalive_timeout 0;
    location / {{ default_type application/json; return 200 '{{"status":"assigning"}}'; }}
  }}
}}
"""
    )
    server = Server(["nginx", "-c", configuration], log)
    wait_for_port(NGINX_PORT)
    return server


def start_mosquitto(folder, materials, log):
    configuration = folder / "mosquitto.conf"
    configuration.write_text(
        f"""listener {MOSQUITTO_PORT} 127.0.0.1
cafile {materials.path('devices-root.pem')}
certfile {materials.path('server.pem')}
keyfile {materials.path('server.key')}
require_certificate true
allow_anonymous true
user root
"""
    )
    server = Server(["mosquitto", "-c", configuration], log)
    wait_for_port(MOSQUITTO_PORT)
    return server


def make_certificates(materials):
    materials.certificate("devices-root", is_ca=True)
    materials.certificate("devices-line", is_ca=True, issuer="devices-root")
    run_quietly(
        ["openssl", "req", "-x509", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-noenc", "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", materials.path("server.key"), "-out", materials.path("server.pem")],
        "no server certificate",
    )


class Bench:
    def __init__(self, options, folder, installation, materials, peers):
        self.options = options
        self.programs = options.bin
        self.folder = folder
        self.dev = installation.description
        self.materials = materials
        self.peers = peers
        self.round = 0
        self.issuer = ["--issue-from", materials.path("devices-line.pem"),
                       "--issue-from-key", materials.path("devices-line.key")]

    def run(self, command):
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Failure((result.stdout.splitlines() or [result.stderr])[-1])
        return json.loads(result.stdout.splitlines()[-1])

    def cpu_per_operation(self, pid, count, command):
        before = cpu_nanoseconds(pid)
        report = self.run(command)
        # What a server still does for the last of them belongs to them.
        time.sleep(0.3)
        return (cpu_nanoseconds(pid) - before) / count / 1000, report

    def device(self, protocol, *more):
        self.round += 1
        return [self.programs / "berth-device", "--dev", self.folder / "berth" / "dev.json",
                "--protocol", protocol, "--registration-id", f"bench-{self.round}-", "--quiet",
                *more]

    def registration(self, protocol):
        count = self.options.count
        command = self.device(protocol, "--count", str(count), "--concurrency", "32", *self.issuer)
        return self.cpu_per_operation(self.dev["pids"]["gateway"], count, command)[0]

    def peer(self, name, protocol, port):
        count = self.options.count
        command = [self.programs / "berth-device", "connect", "--protocol", protocol, "--port", str(port),
                   "--ca-file", self.materials.path("server.pem"), "--count", str(count),
                   "--concurrency", "32", *self.issuer]
        return self.cpu_per_operation(self.peers[name].pid, count, command)[0]

    def kept_alive(self):
        count = self.options.count * KEPT_DEVICES_PER_COUNT
        command = self.device("https", "--group-key", self.materials.key("bench-group"), "--keep-alive",
                              "--count", str(count), "--concurrency", str(KEPT_CONNECTIONS))
        return self.cpu_per_operation(self.dev["pids"]["gateway"], count, command)


def measure(bench, rounds):
    kinds = {
        "registration, HTTPS, X.509 chain": lambda: bench.registration("https"),
        "registration, MQTT, X.509 chain": lambda: bench.registration("mqtt"),
        "nginx: handshake, chain verified, static answer": lambda: bench.peer("nginx", "https", NGINX_PORT),
        "mosquitto: handshake, chain verified, CONNECT": lambda: bench.peer("mosquitto", "mqtt", MOSQUITTO_PORT),
    }
    figures = {kind: [] for kind in kinds}
    kept = []
    for number in range(rounds):
        for kind, run in kinds.items():
            figures[kind].append(run())
        cpu, report = bench.kept_alive()
        kept.append((cpu, report["perSecond"]))
        print(f"round {number + 1} of {rounds} is done", flush=True)
    return figures, kept


def report(figures, kept, count):
    medians = {kind: statistics.median(values) for kind, values in figures.items()}
    nginx = next(value for kind, value in medians.items() if kind.startswith("nginx"))
    mosquitto = next(value for kind, value in medians.items() if kind.startswith("mosquitto"))
    rows = [["CPU of the server, new connection each", "µs, median", "min to max", "of nginx", "of mosquitto"]]
    for kind, values in figures.items():
        rows.append([kind, f"{medians[kind]:.0f}", f"{min(values):.0f} to {max(values):.0f}",
                     f"{medians[kind] / nginx:.2f}", f"{medians[kind] / mosquitto:.2f}"])
    print()
    print_table(rows)
    print(f"\n{count} a measurement, {len(kept)} rounds. A registration has two requests (register, and "
          "the question what became\nof it), three durable writes, a call to the hub and the report to "
          "the coordinator.\n")
    cpus = [cpu for cpu, _ in kept]
    rates = [rate for _, rate in kept]
    print(f"registrations by symmetric key over kept HTTPS connections: {statistics.median(rates):.0f}/s "
          f"(median; {min(rates)} to {max(rates)}),\nCPU of the gateway {statistics.median(cpus):.0f} µs each; "
          "coordinator, hubs and the load generator share the machine")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=400)
    options = parser.parse_args()
    options.bin = options.bin.resolve()
    with tempfile.TemporaryDirectory(prefix="berth-bench-") as name:
        folder = pathlib.Path(name)
        materials = Materials(folder / "materials")
        make_certificates(materials)
        (folder / "berth").mkdir()
        installation = DevInstallation(options.bin, folder / "berth")
        peers = {}
        with (folder / "peers.log").open("wb") as log:
            try:
                peers["nginx"] = start_nginx(folder, materials, log)
                peers["mosquitto"] = start_mosquitto(folder, materials, log)
                admin = Admin(options.bin, installation.description)
                admin.enroll("group", "--group-id", "bench-chain", "--attestation-type", "x509",
                             "--certificate-path", materials.path("devices-root.pem"))
                admin.enroll("group", "--group-id", "bench-keys", "--attestation-type", "symmetricKey",
                             "--primary-key", materials.key("bench-group"))
                bench = Bench(options, folder, installation, materials, peers)
                figures, kept = measure(bench, options.rounds)
                report(figures, kept, options.count)
            except Failure as failure:
                raise SystemExit(f"bench: {failure}") from failure
            finally:
                for server in peers.values():
                    server.stop()
                installation.stop()


if __name__ == "__main__":
    main()
