#!/usr/bin/env bash
# Fetch the open fonts that training draws foreign plates with, into the folder given (default build/fonts).
# They are used for renderings only and are no part of the project; without them training falls back to our own glyphs.
set -euo pipefail
out=$(mkdir -p "${1:-build/fonts}" && cd "${1:-build/fonts}" && pwd)
debian="fonts-roadgeek fonts-opendin fonts-b612 fonts-bebas-neue fonts-dejavu-core fonts-dejavu-extra fonts-liberation
    fonts-lato fonts-roboto-unhinted fonts-open-sans fonts-cantarell fonts-oxygen fonts-freefont-ttf fonts-play
    fonts-hack-ttf fonts-urw-base35 fonts-league-spartan fonts-firacode"
npm="barlow barlow-condensed barlow-semi-condensed saira saira-condensed saira-semi-condensed overpass overpass-mono
    share-tech share-tech-mono rajdhani roboto-condensed roboto-mono oswald teko khand titillium-web chakra-petch exo-2
    jost archivo archivo-narrow antonio big-shoulders-display bebas-neue league-gothic fjalla-one dosis sofia-sans
    ibm-plex-sans-condensed b612-mono pathway-extreme staatliches"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for name in $debian; do
    apt-get download -q "$name" >/dev/null 2>&1 && dpkg-deb -x "$name"_*.deb tree || echo "no Debian package $name" >&2
done
for name in $npm; do
    npm pack --silent "@fontsource/$name" >/dev/null 2>&1 || { echo "no npm package $name" >&2; continue; }
    mkdir -p "tree/$name" && tar -xzf fontsource-"$name"-*.tgz -C "tree/$name"
done
find tree -type f \( -name '*.ttf' -o -name '*.otf' -o -name '*-latin-[4-7]00-normal.woff2' \) -exec cp {} "$out" \;
find "$out" -type f | wc -l
