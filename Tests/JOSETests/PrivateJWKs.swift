/// Private keys as PyJWT writes them, made for these tests and for nothing else.
enum PrivateJWKs {
    static let p256 =
        #"{"kty":"EC","crv":"P-256","x":"WhsuaKxz1tdprAWQUfQ_oGzxgO_zGI-C1s4_piFVQNw","y":"fmcJfUQqOxZ5YktaMkGVf4_IAUlF0EnpEDt"#
        + #"N2hKMbgQ","d":"3UeTy4yQYkUKqWoOtx5RsSMyudJFmsvOwq92uakF62g"}"#
    static let p384 =
        #"{"kty":"EC","crv":"P-384","x":"oh0_KXope48cxanzLh2HCOVJ5EqZweECRiKmSTLPuP-AlIhFCrg__vQWl415j16u","y":"CZe55UlNagqbQQ"#
        + #"2lDi8Lj-7xm-ctGA8cGIZiTzu-idaQEkxxmVRCiBH8qxn62tks","d":"6rvvK3G72NqEJ6ESTMxHbmATRI9jgUb2V1CVfU0aH7Zs7HZkdcyfCKhi7qj"#
        + #"gsxG8"}"#
    static let p521 =
        #"{"kty":"EC","crv":"P-521","x":"AVIhdCw5UMH8ajCFBBzhP4XN4KhbrxHw5fT2rs8SwZuUJF1n3aBFug9V4L5UVgxBDiaPMH98PAOoaBo-mvwqV"#
        + #"_de","y":"ABgkqoIRtm1c2KTQGoT850PChYMHSRB-_OaW39tEBqBGN-g3ZI-EQlezHbcq4RF-nkF55OlF99PgGGGGF2dsFd-H","d":"Aar5dmdpW5g"#
        + #"2zgzr7F5HL6g1plTDVpc30TKSVDi8UNchwQPhdGxRotBEPccr3r5tPobJnG3cVoM7QmfOEAx11mzq"}"#
    static let ed25519 =
        #"{"x":"Jfnv66pUjB39eUt5GT2Vts3bSxe6fOlVy5SPoQI45z8","d":"Zx_jgboxuT04mr5SPhqSZ8y23qovDJx508nqyBF3hlc","kty":"OKP","cr"#
        + #"v":"Ed25519"}"#
    static let rsa =
        #"{"kty":"RSA","n":"wgTncTYwfDHXN0Jb4eymUl1t1JAHm-bWqBbeaQg4dl7vxpR-ypFvgagvKPlft-zYrnlPuWaJs35xr2pEWFLnR_5iLotSzbiegM"#
        + #"C81VIdwVe-O6kgsOWPQWuIl91856bjLUaxanx4qjbFQ34G8fFIOWQGzhShOHUEcgs3jKWfb2h1BpwcVQZ_UZaHgnkLkAakHGiLj-crPYoXW0vZJJE4vb"#
        + #"9FZsLdWjxrtSuMwUgAP4eGFg0EDiJPFAVbDrdVP4I7bdl0lE0d_OXCg_BlspAV5p3oUY4ZY63_NHqjvhuZtp9S1bqqqt1zNMkEj1GAZ-5-xW2c3zI21m"#
        + #"NXDjsQjbkIdw","e":"AQAB","d":"EOBFU2Mfx4W8TxmuDVI8y1hGF-GpT8W98SQAF4m4A4_RcmfzOWJ6HQCIjZtXWJO460AxD5LcMmkysUvggwA_Dt"#
        + #"ORLbQ_sRY4b0GUi0eXv_wGV4EoD0sAcXPNj0wcM7gf9Y27G-SUyFV4Rh0dtIjEu_033FAOD--ZweO44rp7SkDYJ78akGXCK3AzCXMh0L42vfcapPWRfX"#
        + #"INBChDt3n5a513F7vJMT78h7pzwTujVAaIWgoII6uxJEGDiDBfMTrOJnMXHCMoW4vniitn3aZ1Ha3maiBl6uJVNK_2LanZzV1eCHF60cpHpgrvw_7-Uf"#
        + #"I18-93INvHbC5ifeS94sgiFQ","p":"_cxyEVDXs_ydR5MeFxO051oqj2F66piEJBJfPW66dWouTdjf8PneGDytMp3DlmgKmuEaKVoEU6R9BAHu_3888"#
        + #"-DpigRtEqOnx3IHVE0oO57VFobYNApgOqJ4Yyvzr3lyb0KcdP3dvQPCpQOH1cY3Z0IKz6aUKbvtNp28-ET7VSU","q":"w7O4L7qWA1ijuRGLn66MRqo"#
        + #"LHxhARF8ToGtsd8uWo3W_JVoRUSY6AVicA8tMs6-pF3X1bbOytF7dVq56t1rSokbB0K9BC-xZnjI5c8mr5jhKVLiNs3Foh3i9hqrPLXrCcDayMXy3yzG"#
        + #"x14WOaxEQZYjvkGDWQ4i4VhenQ2UlCms","dp":"OnfxB2AycTqPGUAhPHvDv1CcYW-5m3YLayv4WPS7a_VMOY7u-Fr3-WlxFSoXNv09BDU7i687M_G_"#
        + #"Az9WyfGMHzr_UlZ2skaVjnMMkTU9QY7z1D64bDS_uoJXbbFgcFpwLIWR-bnKbZMCMnW_w1XoyZcDWpcrpvmuSljIggGSTSk","dq":"S9wSfY3aMJnff"#
        + #"RGsCc3jWlD31qnT36zrMrfxZ85nKh2uZpAvPkGPIo5yi5X2uYBSD2IOLOQHVZugOMWRlBmEpJrA7l_A2xpW8teNJbD7DVasmYKgivpfBoRrExSLEpoPX"#
        + #"OgW0tABfqZYxa5jsmT-8hzOoCypYaxRqC2rDJjcbtk","qi":"puRRAonYP1Xfcmf7vWd2A0sCgwtJR8gavuaJIWgnslNQkARsAtEKOF8npSRzCNQhyy"#
        + #"883254VGGC80DTM7pZIsnv_ZczJqeAfKhUbT6B---D1DSOs6RRrdv026ym9IEflKF8xnkavsnnJ2GLPESLoOnenohxdBz6j5_j3UkziFo"}"#
}
