"""The package: what it is called, what it needs, what it installs."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def text(name: str) -> str:
    """A file beside this one."""
    return (ROOT / name).read_text(encoding='utf-8')


def version() -> str:
    """Read, not imported: nothing that pyca needs is installed yet."""
    found = re.search(r"^__version__ = '(.+)'$", text('pyca/__init__.py'), re.MULTILINE)
    if not found:
        raise SystemExit('setup.py: pyca/__init__.py has no line __version__ = ...')
    return found.group(1)


setup(
    name='pyca',
    version=version(),
    description='A capture agent for Opencast',
    long_description=text('README.md'),
    long_description_content_type='text/markdown',
    license='LGPL-3.0-or-later',
    license_files=['LICENSE', 'COPYING'],
    packages=find_packages(include=['pyca', 'pyca.*']),
    include_package_data=True,
    python_requires='>=3.10',
    install_requires=text('requirements.txt').split(),
    extras_require={
        'demo': ['imageio-ffmpeg>=0.4.9'],
        'gunicorn': ['gunicorn>=20.1'],
        'postgres': ['psycopg2-binary>=2.9.3'],
        'dev': [
            'gunicorn>=20.1',
            'hypothesis>=6.100',
            'imageio-ffmpeg>=0.4.9',
            'mypy==2.4.*',
            'playwright>=1.49',
            'psycopg2-binary>=2.9.3',
            'pytest>=8.0',
            'pytest-cov>=5.0',
            'pytest-xdist>=3.6',
            'ruff==0.17.*',
            'schemathesis>=4.0',
            'setuptools>=77',
            'types-pycurl',
            'types-python-dateutil',
            'types-setuptools',
            'types-waitress',
        ],
    },
    entry_points={'console_scripts': ['pyca = pyca.__main__:main']},
    classifiers=[
        'Environment :: No Input/Output (Daemon)',
        'Environment :: Web Environment',
        'Intended Audience :: Education',
        'Intended Audience :: System Administrators',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3 :: Only',
        'Topic :: Multimedia :: Video :: Capture',
        'Topic :: Education',
    ],
)
