#!/bin/sh
# Fetch photographs for the detector's training scenes from Debian packages (no root needed) and unpack them.
# usage: get_backgrounds.sh DIR
set -eu
folder=${1:?usage: get_backgrounds.sh DIR}
packages="opencv-doc mate-backgrounds gnome-backgrounds plasma-workspace-wallpapers lomiri-wallpapers-16.04
lomiri-wallpapers-20.04 ukui-wallpapers"
mkdir -p "$folder"
cd "$folder"
# shellcheck disable=SC2086 - a list of names
apt-get download $packages
for package in ./*.deb; do
    dpkg-deb --extract "$package" .
    rm "$package"
done
