#!/usr/bin/env python3
"""Starts `berth dev`, enrolls devices as an admin would and lets them register, over every protocol.

    first_devices.py --bin FOLDER --dir DIR [--once]

What tools/run does once everything is built. Keys and certificates of the devices are kept under
DIR/demo, so that a second run goes on with the same devices.
"""

import argparse
import base64
import concurrent.futures
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading

READY_WITHIN_SECONDS = 60
STOPPED_WITHIN_SECONDS = 10
# Few, so that what the table shows is each device's own time.
AT_ONCE = 3

# What `berth dev --standard-ports` listens on (device protocols that are not served yet included, so
# that a later version does not change its mind on the same machine).
STANDARD_TCP = [("127.0.0.1", 443), ("127.0.0.1", 8883), ("127.0.0.1", 5671)] + [
    (f"127.0.0.{n}", 443) for n in (2, 3, 4)
]
STANDARD_UDP = [("127.0.0.1", 5683), ("127.0.0.1", 5684)]


class Failure(Exception):
    """Something did not work, in words for the person who ran it."""


def all_free(tcp, udp):
    for kind, addresses in ((socket.SOCK_STREAM, tcp), (socket.SOCK_DGRAM, udp)):
        for address in addresses:
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(address)
                except OSError:
                    return False
    return True


def run_quietly(command, what):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise Failure(f"{what}: {(result.stderr or result.stdout).strip()}")
    return result.stdout


class DevInstallation:
    """A running `berth dev`."""

    def __init__(self, programs, directory):
        self.programs = programs
        self.directory = directory
        self.log = directory / "berth-dev.log"
        standard = all_free(STANDARD_TCP, STANDARD_UDP)
        command = [programs / "berth", "dev", "--dir", directory]
        if standard:
            command.append("--standard-ports")
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C is ours to pass on, once.
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        try:
            self.description = self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self):
        ready = threading.Event()

        def read():
            for line in self.process.stdout:
                if line.startswith(b"ready: "):
                    ready.set()
            ready.set()  # the end of its output is an answer, too

        threading.Thread(target=read, daemon=True).start()
        if not ready.wait(READY_WITHIN_SECONDS) or self.process.poll() is not None:
            raise Failure(f"berth dev did not get ready:\n{self._end_of_log()}")
        description = self.directory / "dev.json"
        if not description.exists():
            raise Failure(f"berth dev did not get ready:\n{self._end_of_log()}")
        return json.loads(description.read_text())

    def _end_of_log(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOPPED_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        return self.process.returncode


class Materials:
    """Keys and certificates of the demo's devices, made once."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, name):
        return self.folder / name

    def key(self, name):
        path = self.path(name)
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(base64.b64encode(secrets.token_bytes(64)).decode())
        return path.read_text()

    def certificate(self, name, *, is_ca=False, issuer=None):
        """NAME.pem with its chain (issuers up to, not including, the root) and NAME.key."""
        certificate, key = self.path(name + ".pem"), self.path(name + ".key")
        if certificate.exists():
            return certificate
        extensions = (
            ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
            if is_ca
            else ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"]
        )
        command = ["openssl", "req", "-x509", "-new", "-newkey", "ec"]
        command += ["-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-sha256"]
        command += ["-days", "3650", "-subj", f"/CN={name}", "-keyout", key, "-out", certificate]
        for extension in extensions:
            command += ["-addext", extension]
        chain = ""
        if issuer:
            command += ["-CA", self.path(issuer + ".pem"), "-CAkey", self.path(issuer + ".key")]
            if not is_ca:
                chain = self.path(issuer + ".pem").read_text()
        run_quietly(command, f"openssl could not make the certificate of {name}")
        if chain:
            certificate.write_text(certificate.read_text() + chain)
        return certificate


class Admin:
    """The fleet admin at the command line."""

    def __init__(self, programs, description):
        service = description["service"]
        self.command = [programs / "berth", "--login", service["connectionString"]]
        self.command += ["--ca-file", service["caFile"]]

    def enroll(self, noun, option, name, *settings):
        shown = subprocess.run(
            [*self.command, noun, "show", option, name], capture_output=True, check=False
        )
        if shown.returncode != 0:
            run_quietly(
                [*self.command, noun, "create", option, name, *settings], f"{noun} {name} is refused"
            )


def enroll_all(admin, materials):
    """Enrolls what shall register; gives (registration ID, protocol, attestation, arguments)."""
    individual_key = materials.key("demo-press.symmetric")
    group_key = materials.key("demo-robots.symmetric")
    camera = materials.certificate("demo-camera")
    root = materials.certificate("demo-root", is_ca=True)
    materials.certificate("demo-line-3", is_ca=True, issuer="demo-root")

    symmetric = ["--attestation-type", "symmetricKey", "--primary-key"]
    x509 = ["--attestation-type", "x509", "--certificate-path"]
    admin.enroll("enrollment", "--registration-id", "demo-press", *symmetric, individual_key)
    admin.enroll("enrollment", "--registration-id", "demo-camera", *x509, camera)
    admin.enroll("group", "--group-id", "demo-robots", *symmetric, group_key)
    admin.enroll("group", "--group-id", "demo-sensors", *x509, root)

    def robot(number, protocol):
        attestation = "symmetric key, group"
        if protocol == "coaps":
            # The key exchange names the group that the device's key is derived from.
            return (f"demo-robot-{number}", protocol, attestation,
                    ["--group-key", group_key, "--group-id", "demo-robots"])
        return f"demo-robot-{number}", protocol, attestation, ["--group-key", group_key]

    def sensor(number, protocol):
        name = f"demo-sensor-{number}"
        certificate = materials.certificate(name, issuer="demo-line-3")
        key = ["--private-key", materials.path(name + ".key")]
        return name, protocol, "X.509 chain, group", ["--certificate", certificate, *key]

    return [
        ("demo-press", "https", "symmetric key, individual", ["--key", individual_key]),
        (
            "demo-camera",
            "https",
            "X.509, individual",
            ["--certificate", camera, "--private-key", materials.path("demo-camera.key")],
        ),
        robot(1, "mqtt"),
        sensor(1, "mqtt"),
        robot(2, "mqtt-ws"),
        sensor(2, "mqtt-ws"),
        robot(3, "amqp"),
        sensor(3, "amqp"),
        robot(4, "amqp-ws"),
        sensor(4, "amqp-ws"),
        robot(5, "coaps"),
        sensor(5, "coaps"),
    ]


def register(programs, directory, device):
    registration_id, protocol, attestation, arguments = device
    command = [programs / "berth-device", "--dev", directory / "dev.json", "--protocol", protocol]
    command += ["--registration-id", registration_id, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = result.stdout.strip().splitlines()
    try:
        report = json.loads(lines[-1])
    except (IndexError, json.JSONDecodeError):
        report = {"status": "error", "message": result.stderr.strip() or "said nothing"}
    got_hub = result.returncode == 0 and report.get("status") == "assigned"
    outcome = report["assignedHub"] if got_hub else f"{report['status']}: {report.get('message', '')}"
    took = f"{report['milliseconds']:.0f}" if "milliseconds" in report else ""
    return got_hub, [registration_id, protocol, attestation, outcome, took]


def print_table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths)]
        print("  " + "  ".join(cells) + "  " + row[-1].rjust(widths[-1]))


def how_to_go_on(programs, directory, description):
    device = description["device"]
    service = description["service"]
    shown = pathlib.Path(os.path.relpath(programs))
    lines = [
        f"ID scope      {description['idScope']}",
        f"devices       {device['host']}: https {device['https']}, mqtt {device['mqtt']}, "
        f"amqp {device['amqp']}, coaps {device['coaps']}",
        f"service API   {service['url']}",
    ]
    if "console" in description:
        lines.append(f"console       {description['console']['url']}")
    if "gatewayStatus" in description:
        lines.append(f"gateway       {description['gatewayStatus']}")
    lines += [
        f"all of it     {directory / 'dev.json'}  (logs: {directory}/berth-*.log)",
        "",
        "Go on in another terminal:",
        f"  export BERTH_CONNECTION_STRING='{service['connectionString']}'",
        f"  {shown}/berth --ca-file {service['caFile']} enrollment list",
        f"  {shown}/berth --ca-file {service['caFile']} registration show --registration-id demo-press",
        f"  {shown}/berth dev offline --dir {directory}     # cut the gateway's link: it goes on serving",
        f"  {shown}/berth-device --dev {directory}/dev.json --protocol mqtt --registration-id demo-robot-20 \\",
        f"      --group-key \"$(cat {directory}/demo/demo-robots.symmetric)\"",
    ]
    return lines


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--dir", type=pathlib.Path, required=True)
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args()
    programs = options.bin.resolve()
    options.dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = options.dir.resolve()

    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())

    if shutil.which("openssl") is None:
        raise Failure("openssl is not installed: tools/install-dependencies --run")
    print("starting a coordinator, a gateway and two hubs …", flush=True)
    installation = DevInstallation(programs, directory)
    try:
        admin = Admin(programs, installation.description)
        devices = enroll_all(admin, Materials(directory / "demo"))
        rows = [["device", "protocol", "attestation", "hub", "ms"]]
        all_got_hubs = True
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for got_hub, row in pool.map(lambda one: register(programs, directory, one), devices):
                all_got_hubs = all_got_hubs and got_hub
                rows.append(row)
        print()
        print_table(rows)
        print()
        if not options.once:
            for line in how_to_go_on(programs, directory, installation.description):
                print(line)
            print("\nCtrl-C stops it.", flush=True)
            while not stopped.wait(1):
                if installation.process.poll() is not None:
                    raise Failure(f"berth dev ended: see {installation.log}")
            print("\nstopping …", flush=True)
    finally:
        installation.stop()
    return 0 if all_got_hubs else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"tools/run: {failure}", file=sys.stderr)
        sys.exit(1)
