# The frontend for another processor than the machine's. Sourced by dev/release.
# shellcheck shell=bash disable=SC2154

# Zig is a C compiler and linker for all of them in one package, with musl inside. Debian's cross compilers are one package
# for each, and its libraries for arm are for newer processors than arm/v6. The versions are those that were tried.
zig_packages="ziglang==0.17.1 cargo-zigbuild==0.24.0"

rust_target() {
  case $1 in
  linux/amd64) echo x86_64-unknown-linux-musl ;;
  linux/386) echo i686-unknown-linux-musl ;;
  linux/arm64) echo aarch64-unknown-linux-musl ;;
  linux/arm/v7) echo armv7-unknown-linux-musleabihf ;;
  linux/arm/v6) echo arm-unknown-linux-musleabihf ;;
  *) die "there is no target for $1" ;;
  esac
}

# Many build scripts run again when RUSTC_BOOTSTRAP changes: in one folder with `make frontend`, each of the two builds would
# make the other one compile nearly everything anew.
cross_target=${CARGO_TARGET_DIR:-target}/cross

cross_executable() { echo "$cross_target/$(rust_target "$1")/release/microb"; }

# cross_build PLATFORM…: the same package, features and profile as in `make frontend`.
cross_build() {
  local platform target targets=() options=()
  get_zig
  for platform in "$@"; do
    target=$(rust_target "$platform")
    targets+=(--target "$target")
    # One that is missing makes all of them be built with the program.
    has_library "$target" || options=(-Z "build-std=std,panic_unwind")
  done
  [ ${#options[@]} -eq 0 ] || get_library_source
  # Zig brings the start-up objects and the unwinder that Rust's own targets bring too.
  PATH=$(cross_path) PYTHONPATH=$python_packages${PYTHONPATH:+:$PYTHONPATH} RUSTC_BOOTSTRAP=${options:+1} \
    CARGO_TARGET_DIR=$cross_target \
    RUSTFLAGS="-C link-self-contained=no -C target-feature=+crt-static" \
    cargo-zigbuild zigbuild "${options[@]}" --release "${targets[@]}" \
    --package microb-frontend --bin microb --no-default-features --features microb
}

# --- the compiler and linker --------------------------------------------------------------------------------------------

python_packages=$home/python

get_zig() {
  ! PATH=$(cross_path) command -v cargo-zigbuild >/dev/null || return 0
  say "getting Zig from PyPI"
  # shellcheck disable=SC2086
  quietly zig python3 -m pip install --quiet --target "$python_packages" $zig_packages
}

cross_path() { echo "$toolchain/bin:$PATH:$python_packages/bin"; }

# --- Rust's library -----------------------------------------------------------------------------------------------------

# has_library TARGET: is it compiled for the target, or can rustup bring it?
has_library() {
  compgen -G "$(rustc --print target-libdir --target "$1")/libstd-*.rlib" >/dev/null || rustup_brings target "$1"
}

# rustup_brings target|component NAME: adds it to the toolchain that is in use, if that is one of rustup and it may.
rustup_brings() {
  [ "${MICROB_RELEASE_RUSTUP:-yes}" = yes ] && rustup "$1" add "$2" >"$logs/rustup-$2.log" 2>&1
}

# The toolchain with the library's source, where cargo looks for it. The machine's own is left as it is: this is a copy,
# and takes no space if the file system has hard links.
toolchain=$home/toolchain

get_library_source() {
  local version sysroot
  version=$(rustc --version | cut -d ' ' -f 2)
  sysroot=$(rustc --print sysroot)
  [ ! -e "$sysroot/lib/rustlib/src/rust/library" ] || return 0
  ! rustup_brings component rust-src || return 0
  [ "$(cat "$toolchain/version" 2>/dev/null)" != "$version" ] || return 0
  say "getting the source of Rust's library $version from Debian"
  rm -rf "$toolchain" "$home/rust-src"
  quietly library-source debian_library_source "$version"
  cp -al "$sysroot/." "$toolchain" 2>/dev/null || cp -a "$sysroot/." "$toolchain"
  mkdir -p "$toolchain/lib/rustlib/src"
  ln -sfn "$home/rust-src/usr/src/rustc-$version" "$toolchain/lib/rustlib/src/rust"
  echo "$version" >"$toolchain/version"
}

# It must be the compiler's very version; backports has the most of them.
debian_library_source() {
  local suite version=$1
  mkdir -p "$home/apt" "$home/debs"
  find_mirror
  for suite in trixie-backports forky sid; do
    suite_apt "$suite" update
    if (cd "$home/debs" && suite_apt "$suite" download "rust-src=$version+*"); then
      # The rest is the compiler's.
      dpkg-deb --fsys-tarfile "$home"/debs/rust-src_*.deb |
        tar --extract --one-top-level="$home/rust-src" "./usr/src/rustc-$version/library" &&
        rm "$home"/debs/rust-src_*.deb
      return
    fi
  done
  return 1
}
