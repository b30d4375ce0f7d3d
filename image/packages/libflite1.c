// The functions of flite, which speaks, that WebKit is linked with. Without a voice it says nothing.
#include <stddef.h>

int flite_init(void) { return 0; }
int flite_add_lang(const char *name, void *language, void *lexicon) {
    (void)name; (void)language; (void)lexicon;
    return 0;
}
void *flite_text_to_wave(const char *text, void *voice) { (void)text; (void)voice; return NULL; }
void cst_wave_resample(void *wave, int rate) { (void)wave; (void)rate; }
void delete_wave(void *wave) { (void)wave; }
void delete_voice(void *voice) { (void)voice; }
void *cmulex_init(void) { return NULL; }
void usenglish_init(void *voice) { (void)voice; }
void *register_cmu_us_awb(const char *folder) { (void)folder; return NULL; }
void *register_cmu_us_kal(const char *folder) { (void)folder; return NULL; }
void *register_cmu_us_rms(const char *folder) { (void)folder; return NULL; }
void *register_cmu_us_slt(const char *folder) { (void)folder; return NULL; }
