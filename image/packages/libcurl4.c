// The five functions of libcurl that Tesseract is linked with. Without a handle it fetches nothing.
#include <stddef.h>

enum { CURLE_FAILED_INIT = 2 };

void *curl_easy_init(void) { return NULL; }
void curl_easy_cleanup(void *handle) { (void)handle; }
int curl_easy_perform(void *handle) { (void)handle; return CURLE_FAILED_INIT; }
int curl_easy_setopt(void *handle, int option, ...) { (void)handle; (void)option; return CURLE_FAILED_INIT; }
const char *curl_easy_strerror(int code) { (void)code; return "built without curl"; }
