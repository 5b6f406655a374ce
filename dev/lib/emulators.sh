# Programs that run executables for other processors than the machine's. Sourced by dev/release.
# shellcheck shell=bash disable=SC2154

# Those of QEMU need no privilege, no kernel module and nothing of the machine.
emulated="aarch64 arm i386 x86_64"

print_emulators() {
  local processor path
  for processor in $emulated; do
    path=$(emulator "$processor") || get_emulators
    path=${path:-$(emulator "$processor")} || die "there is no qemu-$processor" "install the package qemu-user-static"
    export_line "MICROB_QEMU_${processor^^}" "$path"
  done
}

emulator() { PATH=$PATH:$home/qemu/usr/bin command -v "qemu-$1-static" || command -v "qemu-$1"; }

get_emulators() {
  command -v apt-get dpkg-deb >/dev/null || return 0
  say "getting QEMU's user emulation from Debian"
  mkdir -p "$home/apt" "$home/debs" "$logs"
  quietly qemu debian_emulators
}

debian_emulators() {
  own_apt update || true
  (cd "$home/debs" && own_apt download qemu-user-static) &&
    dpkg-deb --extract "$home"/debs/qemu-user-static_*.deb "$home/qemu" && rm "$home"/debs/qemu-user-static_*.deb
}
