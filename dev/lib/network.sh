# A bridge and three rules of our own. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2154
#
# Two Docker daemons that both manage iptables empty each other's chains, and the first one's containers lose the network
# until it is restarted. So ours runs with --iptables=false on its own bridge, and these rules are all it needs.

create_network() {
  local subnet
  subnet=$(free_subnet)
  if ! ip link show "$bridge" >/dev/null 2>&1; then
    ip link add "$bridge" type bridge
    ip address add "$subnet.1/24" dev "$bridge"
  fi
  ip link set "$bridge" mtu "$(default_mtu)" up
  each_rule add_rule "$subnet"
}

# Leaves nothing, whether or not the daemon stopped by itself, and whether or not there is anything.
remove_network() {
  [ -e "$home/subnet" ] || return 0
  each_rule remove_rule "$(cat "$home/subnet")"
  ip link delete "$bridge" 2>/dev/null || true
}

# The first 172.30.X.0/24, from a starting point of our own, that the machine has no route to. Kept in a file, since the
# rules must go with the same words with which they came.
free_subnet() {
  local number subnet tries
  if [ -e "$home/subnet" ] && subnet_is_free "$(cat "$home/subnet")"; then
    cat "$home/subnet"
    return
  fi
  remove_network
  number=$((16#${id:0:2}))
  for ((tries = 0; tries < 256; tries++)); do
    subnet=172.30.$(((number + tries) % 256))
    if subnet_is_free "$subnet"; then
      echo "$subnet" | tee "$home/subnet"
      return
    fi
  done
  die "no free subnet in 172.30.0.0/16" "see: ip route"
}

# Free is what only the default route leads to, or our own bridge.
subnet_is_free() {
  ! ip -4 route show match "$1.1" | grep -v -e '^default' -e " dev $bridge " | grep -q .
}

# A smaller MTU than 1500 is common on virtual machines; a container with a larger one loses its long packets.
default_mtu() {
  local device
  device=$(ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
  cat "/sys/class/net/$device/mtu" 2>/dev/null || echo 1500
}

each_rule() {
  local do=$1 subnet=$2
  "$do" filter FORWARD -i "$bridge" -j ACCEPT
  "$do" filter FORWARD -o "$bridge" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  "$do" nat POSTROUTING -s "$subnet.0/24" ! -o "$bridge" -j MASQUERADE
}

# First in the chain: another engine's FORWARD chain may end in DROP.
add_rule() {
  local table=$1
  shift
  iptables -w -t "$table" -C "$@" 2>/dev/null || iptables -w -t "$table" -I "$@" ||
    die "the kernel takes no iptables rule: $*" "containers would have no network; is this a container without NET_ADMIN?"
}

remove_rule() {
  local table=$1
  shift
  while iptables -w -t "$table" -D "$@" 2>/dev/null; do :; done
}
