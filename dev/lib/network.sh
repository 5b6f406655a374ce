# A bridge and four rules of our own. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2154
#
# Two Docker daemons that both manage iptables empty each other's chains, and the containers of the first lose the network
# until it restarts. So ours runs with --iptables=false on a bridge of its own, and these rules are all that it needs.
# (dockerd also turns on the kernel's IP forwarding. It stays on: somebody else may rely on it by then.)

with_tools() { PATH=$tools:$system_path "$@"; }

create_network() {
  local subnet
  choose_subnet
  subnet=$(cat "$home/subnet")
  ip link show "$bridge" >/dev/null 2>&1 || ip link add "$bridge" type bridge
  ip address replace "$subnet.1/24" dev "$bridge"
  ip link set "$bridge" address "$(bridge_address "$subnet")" mtu "$(default_mtu)" up
  each_rule add_rule "$subnet"
}

# A bridge without an address of its own takes the lowest of those that are connected to it. It would change whenever a step
# starts or ends, and the steps beside it, which have noted the old one, would send their packets to nobody for half a minute.
# This one is made like those of Docker's bridges: locally administered, and the IPv4 address behind it.
bridge_address() { # SUBNET
  local a b c
  IFS=. read -r a b c <<<"$1"
  printf '02:42:%02x:%02x:%02x:01\n' "$a" "$b" "$c"
}

# Whether or not the daemon stopped by itself, and whether or not there is anything to remove.
remove_network() {
  [ -e "$home/subnet" ] || return 0
  each_rule remove_rule "$(cat "$home/subnet")"
  ! ip link show "$bridge" >/dev/null 2>&1 || ip link delete "$bridge"
}

# The first 172.30.X.0/24, from a place of our own, that the machine has no route to. It is kept: rules must be removed with
# the words with which they were added, and containers like to keep their addresses.
choose_subnet() {
  local start=$((16#${id:0:2})) subnet i
  if [ -e "$home/subnet" ] && subnet_is_free "$(cat "$home/subnet")"; then
    return
  fi
  remove_network
  for ((i = 0; i < 256; i++)); do
    subnet=172.30.$(((start + i) % 256))
    if subnet_is_free "$subnet"; then
      echo "$subnet" >"$home/subnet"
      return
    fi
  done
  die "there is no free subnet in 172.30.0.0/16" "see: ip route"
}

# Nothing but the default route and our own bridge leads there.
subnet_is_free() { ! ip -4 route show match "$1.1" | grep -v -e '^default' -e "dev $bridge " | grep -q .; }

# Virtual machines often have less than 1500; a container that does not know loses its long packets.
default_mtu() {
  local device
  device=$(ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | sed -n 1p)
  cat "/sys/class/net/$device/mtu" 2>/dev/null || echo 1500
}

each_rule() {
  local change=$1 subnet=$2
  "$change" filter FORWARD -i "$bridge" -j ACCEPT
  "$change" filter FORWARD -o "$bridge" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  "$change" filter INPUT -i "$bridge" -p udp --dport 53 -j ACCEPT
  "$change" nat POSTROUTING -s "$subnet.0/24" ! -o "$bridge" -j MASQUERADE
}

# First in its chain, since the other engine's may end in DROP.
add_rule() {
  local table=$1
  shift
  ! iptables -w -t "$table" -C "$@" 2>/dev/null || return 0
  iptables -w -t "$table" -I "$@" || die "iptables cannot add a rule: -t $table $*" \
    "without it containers have no network; inside a container, this needs --privileged"
}

remove_rule() {
  local table=$1
  shift
  while iptables -w -t "$table" -D "$@" 2>/dev/null; do :; done
}
