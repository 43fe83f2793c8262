"""Answers that the cryptography of this machine must give before anything is sealed.

ML-KEM depends on the OpenSSL that `cryptography` was built with. No other suite steps in silently.
The keys are synthetic and stand here for everybody to see.
"""

import base64
import hashlib
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm

from storage.sealing.errors import SealError, SuiteBroken
from storage.sealing.suites import OpeningKey, SuiteId

SEED: Final = bytes(range(32))
INFO: Final = b"kat/info"
PLAINTEXT: Final = b"synthetic test note"
PUBLIC_SHA256: Final = {
    SuiteId.X25519: hashlib.sha256(
        bytes.fromhex("8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f")
    ).hexdigest(),
    SuiteId.XWING: "c9a3565ffde4f72b51661be391ee13e46378d7f06dd5c8bf5af9d2cfb5b8336b",
}
XWING_BLOB_SHA256: Final = "1a8068cc1a555237ac779fb988c8731e6157f65d75af22371f1b9df0e3a8ff1c"
BLOB: Final = {
    SuiteId.X25519: bytes.fromhex(
        "e510b23a4e83dce661aa2d78b96f437663ce317e0dc9ae55b962641c3bd6163e"
        "de0528b9897d25afa92e94dde94f4563d993cac98af1eed62ac83f25dbf9ada32b04cf"
    ),
    SuiteId.XWING: base64.b64decode(
        """
        ELoPiHZyLobIylsXdwJSVYfDkXYd5JJsXMxb1hOOijNaQZcFkXXWNWldP3YXyksKJ5vUIdsbaEXduFA1IpJHIHhSSBUXYLTJoNLQ
        ApLplQHzXb2/VedD9Ij3vK6hnT0S9iQnNaTqqw1cKLiZoZOlECYmiYXU6S+JuH8a7Yn5uU654UdgS2xzfjzbqJnVNYkQbvfc3jec
        evX5e7nL81mKY52n6Qy68Zpdqw/92s56Mnm/7hrLnr2N5cHykMCnKEBnsiyfFftRJFOviLnq8HdRWZ/hVGTvDoUBT1LDpj8lQZ71
        GQb209RtzxGuTrIjg09UqVkT+ATr6orKV8bLb7CxumwzLpTXNnmtHsVMxJy1l1+rnSEBO9aZWyPuC2Cz7AtFwgMs7n2qA3YgddPX
        R95iitPe4zNvW46q0i1CjNvBSvRHJwn5X3T6QzKtfsB7lsPxPcALTKJjPGfKRmIxZdQwEEtfo7yAeLlKX6r1sBvJpF1i9dJOEFTv
        gsfhsQaQjtO56aCgp2DrBeero9O+TH+7EHYyicMvOgheI+YYEUfzjkmkOU/0PqwDJm+og7lLhXOQ1g+G+/+pwQP/Q7325kstZL1Z
        nehgaxHa4PanH58mb2HLbd8JUvaN8ZirDaStK7vTJNZIXVkw/1SyvibfC25rPdIQ/B1gtETFwxxkgWWULgRNWLIcmwSHD2l9zIYe
        1XlDAKB+VR0YjO0w2KNSNvKzwcNtXPnbVsW7K//7K8pDJy3Gop7RAM17iy72pyK+fcHoVEdijT3SG2dRs4aGcmTNtKefLfqxQS62
        v7UCiSY616dA6vdZvMxgbyPMKnkHmvTglfVGgCRHJZMKFxE9Dy5TGWncuusuatG2tvej99I1jRvuz6i7NzLzEzeTfIwy2Gd0lpAd
        QyBu/uzYiKO58ZaXheDoU9onj1Baa1pi7CmIMCrhVJERMMFN2zDqpm/bq7BOH4QMH1YlRZVDlZRaG1yKc1t4CC/WCYguD5n3GRGH
        UUekycIkEBWzVTemJZ6Ir906+e/X+LLs1gX30VA3+hTXpZJZdBmsoEz5OdHBQDlwLHuE+i/33Xo7b9aZKFbbiXpl0e5fA6256zQT
        0r6NkhVSditwLIYB+3Z5QIfgw48USMAg3XG6xM4hQSevBYWNvbSeR6KB/42He0pkRV0K0/X/04AHLqTYL1cPyu/b7PH/qsyydN6w
        VkBHuw7HQnGfdC1iwtq+p7xw6OBK0GzJ1pARVRGGzR1ewdNC+uacE4p7ATJLGdPI5IVPmh7Hh/WRnXm5g/jHxekjPHdSpkpZumUk
        dPd4H6lreAarpy6zbRIXctkTO94DIbfz2qmS3pDgWRk7Do24J9NK6lTDYgamiplZZcPl1jbDZjJ4REE89z+PPAt8uH3JIyj7Ak/A
        73aA3V/VizCKfW5fgAOkQ0V8fYJDD5iMv1PS8oB8lmGXKPfUpw8hSO6NXDaj8JGQiSHWMe3iZU8dwp1ZsqRS4/7wlQ2xfpXF0d06
        EXMbUMtMrncmOzv3D0wgFytuU+/dknYS2etRny1z
        """
    ),
}


def known_answers() -> None:
    """Run at start-up, before a key is read; takes a few milliseconds.

    Raises:
        SuiteBroken: a suite derives another key, does not open what it should, opens what it should not, or
            does not open what it sealed itself.
    """
    for suite in SuiteId:
        try:
            key = OpeningKey(suite, SEED)
            right = (
                hashlib.sha256(key.public.raw).hexdigest() == PUBLIC_SHA256[suite]
                and key.decrypt(BLOB[suite], info=INFO) == PLAINTEXT
                and key.decrypt(key.public.encrypt(PLAINTEXT, info=INFO), info=INFO) == PLAINTEXT
                and refuses(key, BLOB[suite][:-1] + bytes([BLOB[suite][-1] ^ 1]), INFO)
                and refuses(key, BLOB[suite], INFO + b"!")
            )
        except (SealError, UnsupportedAlgorithm, ValueError) as broken:
            raise SuiteBroken(f"suite {suite.name_in_files} does not work on this machine") from broken
        if not right:
            raise SuiteBroken(f"suite {suite.name_in_files} gives wrong answers on this machine")


def refuses(key: OpeningKey, sealed: bytes, info: bytes) -> bool:
    try:
        key.decrypt(sealed, info=info)
    except SealError:
        return True
    return False
