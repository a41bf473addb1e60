#!/bin/sh
# Installs Mosquitto, the broker of the demo and the tests, where it is absent.
set -eu
if command -v mosquitto >/dev/null 2>&1 || [ -x /usr/sbin/mosquitto ]; then
    exit 0
fi
echo "Mosquitto, the MQTT broker that the demo and the tests use, is absent: installing it with apt-get"
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo"
fi
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends mosquitto >/dev/null
