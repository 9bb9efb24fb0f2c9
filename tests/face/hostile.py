"""What a far end may call itself."""

NAMES = {
    "markup": "</text><script>alert(1)</script><![CDATA[ & \" ' ]]> &amp; <!--",
    "controls": "a\x00b\x1b[31mc\r\nd\te\x7f\x85\u2028\u2029f",
    "overrides": "\u202egnp.elbissop\u202c \u2066left\u2069 \u200f\u061c",
    "surrogates": "\ud800 \udfff",
    "noncharacters": "\ufffe\uffff\U0001ffff\ue000",
    "marks": "Z" + "\u0351\u0363\u0489" * 60 + "algo",
    "wide": "\N{CJK UNIFIED IDEOGRAPH-6F22}" * 400,
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \U0001f3ff \u260e\ufe0f",
    "right to left": "\u05e9\u05dc\u05d5\u05dd 1002 \u0645\u0631\u062d\u0628\u0627",
    "long": "W" * 100_000,
    "nothing": "",
    "spaces": " \u00a0\u3000  ",
}
