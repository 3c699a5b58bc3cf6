"""YouTube's player script: the smallest program of the shape that yt-dlp's challenge solver looks for.

It holds a function that sets "alr" to "yes", and whose result has get, set and one transforming method: the signature
loses its first two characters after reversal, the n parameter is reversed and marked.
"""

from __future__ import annotations

from typing import Final

PLAYER_PATH: Final = "/s/player/0badcafe/player_ias.vflset/en_US/base.js"

SCRIPT: Final = """var _yt_player={};(function(g){
var window=this;
"use strict";
var signatureTimestamp=20500;var cfg={signatureTimestamp:20500};
var Address=function(u){this.m={};};
Address.prototype.set=function(k,v){this.m[k]=v;};
Address.prototype.get=function(k){return this.m[k];};
Address.prototype.clone=function(){return this;};
Address.prototype.turn=function(){if(this.m.n)this.m.n=this.m.n.split("").reverse().join("")+"-ok";};
var solve=function(s){var a=decodeURIComponent(s).split("");a.reverse();a.splice(0,2);
return encodeURIComponent(a.join(""));};
var make=function(url,sp,s){var o=new Address(url);o.set("alr","yes");s&&o.set(sp,solve(s));return o;};
})(_yt_player);
"""


def player_script() -> str:
    """The script behind PLAYER_PATH."""
    return SCRIPT
