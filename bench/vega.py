"""Renew src/burnish/report/vega.js: Vega, Vega-Lite and vega-embed as one script that defines ``vegaEmbed``.

    pip install vl-convert-python && python bench/vega.py

vl-convert packs what npm has into one file, 84 MB installed; burnish needs the 0.9 MB that come out, so they are kept.
"""

from importlib.metadata import version
from pathlib import Path

import vl_convert

TARGET = Path(__file__).parents[1] / "src" / "burnish" / "report" / "vega.js"
HEAD = """\
/*! Vega {vega}, Vega-Lite {lite} and vega-embed {embed}, packed by vl-convert {packed}.
 * https://vega.github.io
 *
{license} *
 * Packed with them: d3 and topojson-client (ISC, Mike Bostock), semver (ISC, Isaac Z. Schlueter and contributors),
 * fast-json-patch (MIT, Joachim Wester), json-stringify-pretty-compact (MIT, Simon Lydell).
 */
"""
# What each of the three has in its LICENSE file.
LICENSE = """\
Copyright (c) 2015-2023, University of Washington Interactive Data Lab and the Vega contributors.
All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following
   disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
   disclaimer in the documentation and/or other materials provided with the distribution.

3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote
   products derived from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES,
INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY,
WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF
THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
"""


def main() -> None:
    lite = vl_convert.get_vegalite_versions()[-1]
    head = HEAD.format(
        vega=vl_convert.get_vega_version(),
        lite=lite,
        embed=vl_convert.get_vega_embed_version(),
        packed=version("vl-convert-python"),
        license="".join(f" * {line}".rstrip() + "\n" for line in LICENSE.splitlines()),
    )
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=lite)
    TARGET.write_text(head + script + "\n", encoding="utf-8")
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
