// EGL with a display that can do nothing. WebKit ends itself where there is none, and draws by the processor all the same; GStreamer
// is linked with the rest. No context is ever had.
#include <stddef.h>

typedef void *object;
typedef int number;

enum { NO = 0, YES = 1, SUCCESS = 0x3000, OPENGL_ES = 0x30A0, EXTENSIONS = 0x3055 };

static int display;

object eglGetDisplay(void *native) { (void)native; return &display; }
object eglGetPlatformDisplay(number platform, void *native, const void *attributes) {
    (void)platform; (void)native; (void)attributes;
    return &display;
}
unsigned eglInitialize(object at, number *major, number *minor) {
    (void)at;
    if (major) *major = 1;
    if (minor) *minor = 5;
    return YES;
}
const char *eglQueryString(object at, number name) {
    (void)at;
    // 0x3054 is the version; the rest is the vendor, and for which APIs it is.
    return name == EXTENSIONS ? "" : name == 0x3054 ? "1.5" : "none";
}
number eglGetError(void) { return SUCCESS; }
unsigned eglBindAPI(unsigned api) { (void)api; return YES; }
unsigned eglQueryAPI(void) { return OPENGL_ES; }
unsigned eglTerminate(object at) { (void)at; return YES; }
unsigned eglReleaseThread(void) { return YES; }
unsigned eglGetConfigs(object at, object *configs, number size, number *count) {
    (void)at; (void)configs; (void)size;
    if (count) *count = 0;
    return YES;
}
unsigned eglChooseConfig(object at, const number *wanted, object *configs, number size, number *count) {
    (void)wanted;
    return eglGetConfigs(at, configs, size, count);
}
unsigned eglGetConfigAttrib(object at, object config, number name, number *value) {
    (void)at; (void)config; (void)name; (void)value;
    return NO;
}
object eglCreateContext(object at, object config, object shared, const number *attributes) {
    (void)at; (void)config; (void)shared; (void)attributes;
    return NULL;
}
object eglGetCurrentContext(void) { return NULL; }
object eglGetCurrentDisplay(void) { return NULL; }
object eglGetCurrentSurface(number which) { (void)which; return NULL; }
unsigned eglQueryContext(object at, object context, number name, number *value) {
    (void)at; (void)context; (void)name; (void)value;
    return NO;
}
unsigned eglMakeCurrent(object at, object draw, object read, object context) {
    (void)at; (void)draw; (void)read;
    return context ? NO : YES;
}
unsigned eglDestroyContext(object at, object context) { (void)at; (void)context; return NO; }
object eglCreateWindowSurface(object at, object config, unsigned long window, const number *attributes) {
    (void)at; (void)config; (void)window; (void)attributes;
    return NULL;
}
object eglCreatePbufferSurface(object at, object config, const number *attributes) {
    (void)at; (void)config; (void)attributes;
    return NULL;
}
unsigned eglDestroySurface(object at, object surface) { (void)at; (void)surface; return NO; }
unsigned eglSwapBuffers(object at, object surface) { (void)at; (void)surface; return NO; }
object eglGetProcAddress(const char *name) { (void)name; return NULL; }
