/* A plain server on libvncserver: it maps the framebuffer that Xvfb -fbdir writes, waits for XDamage, and sends at once.
 * What a program that looks at pixels can reach, to be compared with.
 *
 * mapped DISPLAY FRAMEBUFFER PORT PASSWORD */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>

#include <X11/Xlib.h>
#include <X11/extensions/XTest.h>
#include <X11/extensions/Xdamage.h>
#include <X11/extensions/Xfixes.h>
#include <rfb/rfb.h>

static Display *display;

static void key(rfbBool down, rfbKeySym keysym, rfbClientPtr client)
{
    KeyCode code = XKeysymToKeycode(display, keysym);
    (void)client;
    if (code)
        XTestFakeKeyEvent(display, code, down, CurrentTime);
    XFlush(display);
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* The header of an XWD file is big-endian words: 0 its own size, 4 and 5 width and height, 12 bytes per row, 19 the
 * number of colours of 12 bytes each behind it. */
static uint32_t word(const unsigned char *file, int index)
{
    const unsigned char *at = file + 4 * index;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

int main(int count, char **arguments)
{
    int event_base, error_base, file;
    struct stat about;
    unsigned char *map;
    char *passwords[2] = {0};
    rfbScreenInfoPtr screen;
    XserverRegion region;
    Damage damage;

    if (count != 5)
        return 64;
    if (!(display = XOpenDisplay(arguments[1])) || !XDamageQueryExtension(display, &event_base, &error_base))
        fail("display");
    if ((file = open(arguments[2], O_RDONLY)) < 0 || fstat(file, &about))
        fail(arguments[2]);
    map = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, file, 0);
    if (map == MAP_FAILED)
        fail("mmap");

    screen = rfbGetScreen(NULL, NULL, (int)word(map, 4), (int)word(map, 5), 8, 3, 4);
    screen->frameBuffer = (char *)map + word(map, 0) + 12 * word(map, 19);
    screen->paddedWidthInBytes = (int)word(map, 12);
    screen->serverFormat.redShift = 16;
    screen->serverFormat.greenShift = 8;
    screen->serverFormat.blueShift = 0;
    screen->port = atoi(arguments[3]);
    screen->ipv6port = 0;
    screen->deferUpdateTime = 0;
    screen->alwaysShared = TRUE;
    screen->cursor = NULL;
    screen->kbdAddEvent = key;
    passwords[0] = arguments[4];
    screen->authPasswdData = passwords;
    screen->passwordCheck = rfbCheckPasswordByList;
    rfbInitServer(screen);

    region = XFixesCreateRegion(display, NULL, 0);
    damage = XDamageCreate(display, DefaultRootWindow(display), XDamageReportNonEmpty);
    XFlush(display);
    while (rfbIsActive(screen)) {
        fd_set files = screen->allFds;
        int own = ConnectionNumber(display), damaged = 0;
        FD_SET(own, &files);
        if (!XPending(display) && select((own > screen->maxFd ? own : screen->maxFd) + 1, &files, NULL, NULL, NULL) < 0)
            fail("select");
        while (XPending(display)) {
            XEvent event;
            XNextEvent(display, &event);
            damaged |= event.type == event_base + XDamageNotify;
        }
        if (damaged) {
            int rectangles, index;
            XRectangle *parts;
            XDamageSubtract(display, damage, None, region);
            parts = XFixesFetchRegion(display, region, &rectangles);
            for (index = 0; index < rectangles; index++)
                rfbMarkRectAsModified(screen, parts[index].x, parts[index].y, parts[index].x + parts[index].width,
                                      parts[index].y + parts[index].height);
            XFree(parts);
        }
        rfbProcessEvents(screen, 0);
    }
    return 0;
}
