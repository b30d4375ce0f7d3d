#!/bin/bash
# Xvfb, x11vnc, socat and the gateway, as today's images start them; xdotool types what IBC would.
set -eu

export DISPLAY=:1
folder=$(echo /opt/Jts/ibgateway/*)
java=$(cat "$folder/.install4j/inst_jre.cfg")/bin/java

Xvfb "$DISPLAY" -screen 0 1024x768x24 -ac &
until [ -S /tmp/.X11-unix/X1 ]; do sleep 0.05; done
x11vnc -display "$DISPLAY" -forever -shared -bg -noipv6 -passwd "$VNC_SERVER_PASSWORD" -rfbport 5900 >/tmp/x11vnc.log 2>&1
socat TCP-LISTEN:4003,fork TCP:127.0.0.1:4001 &

"$java" -Xmx768m -cp "$folder/jars/*:$folder/.install4j/i4jruntime.jar" "-DjtsConfigDir=$HOME/Jts" ibgateway.GWClient "$HOME/Jts" &
window=$(xdotool search --sync --onlyvisible --name "$LOGIN_WINDOW" | head -n 1)
# Where its first field is. Without a window manager only a click gives Java the keyboard.
xdotool mousemove --window "$window" 200 93 click 1 sleep 0.2
xdotool type "$TWS_USERID"
xdotool key Tab
xdotool type "$TWS_PASSWORD"
xdotool key Return
wait
