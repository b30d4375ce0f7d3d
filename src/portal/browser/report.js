// Tells the state of the login page through its title: what is where, how long what stands in fields is, never what it is.
// Each report is sealed with a key that nothing else on the page knows.
(function () {
    'use strict';
    if (window.top !== window || window.location.protocol === 'about:') return;
    var k0 = __K0__, k1 = __K1__, parts = __PARTS__, began = +new Date(), last = '', told = 0;

    // HalfSipHash-2-4 with 64 bits, of characters below 128.
    function seal(text) {
        var v0 = k0 | 0, v1 = (k1 ^ 0xee) | 0, v2 = (0x6c796765 ^ k0) | 0, v3 = (0x74656462 ^ k1) | 0;
        function turn(x, by) { return (x << by) | (x >>> (32 - by)); }
        function rounds(n) {
            while (n-- > 0) {
                v0 = (v0 + v1) | 0; v1 = turn(v1, 5) ^ v0; v0 = turn(v0, 16);
                v2 = (v2 + v3) | 0; v3 = turn(v3, 8) ^ v2;
                v0 = (v0 + v3) | 0; v3 = turn(v3, 7) ^ v0;
                v2 = (v2 + v1) | 0; v1 = turn(v1, 13) ^ v2; v2 = turn(v2, 16);
            }
        }
        function take(word) { v3 ^= word; rounds(2); v0 ^= word; }
        var length = text.length, word = 0, i;
        for (i = 0; i < length; i++) {
            word |= text.charCodeAt(i) << (8 * (i & 3));
            if ((i & 3) === 3) { take(word); word = 0; }
        }
        take(word | (length << 24));
        v2 ^= 0xee; rounds(4);
        var low = (v1 ^ v3) >>> 0;
        v1 ^= 0xdd; rounds(4);
        var high = (v1 ^ v3) >>> 0;
        return hex(high) + hex(low);
    }
    function hex(x) { return ('0000000' + x.toString(16)).slice(-8); }

    // Not by JSON.stringify: some libraries change what it makes of lists. Without spaces, which a title loses.
    function quoted(text, most) {
        var out = '"', i, c;
        text = ('' + text).replace(/\s+/g, ' ').slice(0, most);
        for (i = 0; i < text.length; i++) {
            c = text.charAt(i);
            out += /[A-Za-z0-9.,:;?!()\/_-]/.test(c) ? c : '\\u' + ('000' + text.charCodeAt(i).toString(16)).slice(-4);
        }
        return out + '"';
    }
    function folded(text) { return ('' + (text || '')).replace(/\s+/g, ' ').trim().toLowerCase(); }
    function shown(e) {
        var r = e.getBoundingClientRect(), s = window.getComputedStyle(e);
        return r.width > 1 && r.height > 1 && s.visibility !== 'hidden' && s.display !== 'none' && +s.opacity > 0.05;
    }
    function all(css) { try { return document.querySelectorAll(css); } catch (e) { return []; } }
    function first(list, fits) {
        for (var i = 0; i < list.length; i++) if (fits(list[i]) && shown(list[i])) return list[i];
        return null;
    }
    // What a part must be, whatever finds it.
    function suits(name) {
        return function (e) {
            if (name === 'device') return !!e.options;
            return (name !== 'user' && name !== 'password' && name !== 'code') || e.tagName === 'INPUT';
        };
    }
    function search(name, body) {
        var ways = parts[name], fits = suits(name);
        for (var i = 0; i < ways.length; i++) {
            var kind = ways[i][0], text = ways[i][1], e = null;
            if (kind === 'css') e = first(all(text), fits);
            if (kind === 'placeholder') e = first(all('input'), function (e) {
                return folded(e.placeholder).indexOf(text) >= 0 && fits(e);
            });
            if (kind === 'label') {
                e = first(all('[aria-label]'), function (e) {
                    return folded(e.getAttribute('aria-label')).indexOf(text) >= 0 && fits(e);
                });
                var label = first(all('label'), function (e) {
                    return folded(e.textContent).indexOf(text) >= 0 && (!e.control || fits(e.control));
                });
                if (!e && label) e = label.control && shown(label.control) ? label.control : fits(label) ? label : null;
            }
            if (kind === 'text') e = first(all('button,a,[role=button],input[type=submit],input[type=button]'), function (e) {
                return folded(e.value || e.textContent).indexOf(text) >= 0;
            });
            if (kind === 'says' && body.indexOf(text) >= 0) e = document.body;
            if (e) return e;
        }
        return null;
    }
    function described(e) {
        var r = e.getBoundingClientRect(), bits = 0, length = -1, at;
        var control = e.tagName === 'LABEL' && e.control ? e.control : e;
        if (typeof control.value === 'string' && control.tagName !== 'BUTTON') length = control.value.length;
        if (!control.disabled && !control.readOnly) bits |= 1;
        if (document.activeElement === control && document.hasFocus()) bits |= 2;
        if (control.type === 'checkbox' || control.type === 'radio') bits |= control.checked ? 12 : 8;
        at = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
        if (at && (at === e || e.contains(at) || at.contains(e))) bits |= 16;
        return '[' + Math.round(r.left) + ',' + Math.round(r.top) + ',' + Math.round(r.width) + ',' + Math.round(r.height) + ',' +
            length + ',' + bits + ']';
    }
    function state() {
        var body = document.body ? folded(document.body.innerText) : '', found = [], error = '', devices = '', chosen = -1, name, e, i;
        for (name in parts) {
            e = search(name, body);
            if (!e) continue;
            if (name === 'error') { error = e.innerText; if (folded(error) === '') continue; }
            if (name === 'device' && e.options) {
                for (i = 0; i < e.options.length && i < 12; i++) devices += (i ? ',' : '') + quoted(e.options[i].text, 40);
                chosen = e.selectedIndex;
            }
            found.push(quoted(name, 20) + ':' + described(e));
        }
        return '"b":' + began + ',"o":' + quoted(window.location.origin, 80) + ',"p":' + quoted(window.location.pathname, 80) + ',"r":' + (document.readyState === 'complete') +
            ',"w":[' + window.innerWidth + ',' + window.innerHeight + ',' + Math.round(window.devicePixelRatio * 100) + ',' +
            (window.outerHeight - window.innerHeight) + '],"e":{' + found.join(',') +
            '},"x":' + quoted(error, 160) + ',"d":[' + devices + '],"c":' + chosen;
    }
    // Brings a field into view that is wanted and is not.
    function reveal() {
        var wanted = ['user', 'code'], i, e, r;
        for (i = 0; i < wanted.length; i++) {
            e = parts[wanted[i]] && search(wanted[i], '');
            r = e && e.getBoundingClientRect();
            if (r && (r.bottom > window.innerHeight || r.top < 0)) e.scrollIntoView({ block: 'center' });
        }
    }
    function tell() {
        var now = +new Date(), text;
        try { reveal(); text = state(); } catch (e) { return; }
        if (text === last && now - told < 500) return;
        last = text;
        told = now > told ? now : told + 1;
        text = '{"t":' + told + ',' + text + '}';
        document.title = 'GH1.' + seal(text) + '.' + text;
    }
    window.setInterval(tell, 100);
    tell();
})();
