/* A viewer of libvncclient, as Remmina and Guacamole are: connects, and writes down how it got in and what it sees.
 *
 * usage: libvncclient HOST PORT CA-FILE, with the password in VNC_PASSWORD; a CA-FILE of "" is none. */
#include <rfb/rfbclient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *ca_file;

static char *password(rfbClient *client) {
    (void)client;
    return strdup(getenv("VNC_PASSWORD"));
}

static rfbCredential *credential(rfbClient *client, int type) {
    rfbCredential *given = calloc(1, sizeof(rfbCredential));
    (void)client;
    if (type == rfbCredentialTypeX509) {
        given->x509Credential.x509CACertFile = *ca_file ? strdup(ca_file) : NULL;
    } else {
        given->userCredential.username = strdup("whoever");
        given->userCredential.password = strdup(getenv("VNC_PASSWORD"));
    }
    return given;
}

int main(int count, char **arguments) {
    if (count != 4 || !getenv("VNC_PASSWORD")) {
        return 64;
    }
    ca_file = arguments[3];
    alarm(30);
    rfbClient *client = rfbGetClient(8, 3, 4);
    client->GetPassword = password;
    client->GetCredential = credential;
    client->canHandleNewFBSize = TRUE;
    client->serverHost = strdup(arguments[1]);
    client->serverPort = atoi(arguments[2]);
    if (!rfbInitClient(client, NULL, NULL)) {
        return 1;
    }
    /* Black until it is painted; the middle pixel, red first. */
    const uint8_t *pixel;
    do {
        if (WaitForMessage(client, 1000000) < 0 || !HandleRFBServerMessage(client)) {
            return 1;
        }
        pixel = client->frameBuffer + 4 * (client->width * (client->height / 2) + client->width / 2);
    } while (!pixel[0] && !pixel[1] && !pixel[2]);
    printf("type %d/%d, %dx%d", client->authScheme, client->subAuthScheme, client->width, client->height);
    printf(", #%02x%02x%02x\n", pixel[0], pixel[1], pixel[2]);
    rfbClientCleanup(client);
    return 0;
}
